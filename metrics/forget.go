package metrics

import "github.com/prometheus/client_golang/prometheus"

// forget takes away every child with the label.
func (m *Metrics) forget(label prometheus.Labels) {
	for _, vec := range []interface {
		DeletePartialMatch(prometheus.Labels) int
	}{m.received, m.dropped, m.requests, m.handshakes, m.power, m.calls, m.callTook, m.commands, m.waited} {
		vec.DeletePartialMatch(label)
	}
}

// ForgetTenant takes the series of a tenant away that is not configured any more.
func (m *Metrics) ForgetTenant(name string) {
	if m != nil {
		m.forget(prometheus.Labels{"tenant": name})
	}
}

// ForgetVCenter takes the series of a vCenter away that is not configured any more.
func (m *Metrics) ForgetVCenter(name string) {
	if m != nil {
		m.forget(prometheus.Labels{"vcenter": name})
	}
}
