package metrics

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics is all series of one daemon. A nil Metrics counts nothing, so that
// tests and tools need none.
type Metrics struct {
	build      *prometheus.GaugeVec
	received   *prometheus.CounterVec
	dropped    *prometheus.CounterVec
	requests   *prometheus.CounterVec
	duration   *prometheus.HistogramVec
	handshakes *prometheus.CounterVec
	power      *prometheus.CounterVec
	calls      *prometheus.CounterVec
	callTook   *prometheus.HistogramVec
	commands   *prometheus.CounterVec
	waited     *prometheus.HistogramVec

	state atomic.Pointer[func() Snapshot]
}

// requestBuckets: reads answer from memory within a millisecond, a command that
// vCenter has to accept is held for 2 s at most.
var requestBuckets = []float64{.0005, .001, .0025, .005, .01, .05, .1, .25, .5, 1, 2, 2.5}

// callBuckets: a call to vCenter times out after 20 s.
var callBuckets = []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20}

// waitBuckets: an idle vCenter is called at once, and a command waits 1.5 s at most.
var waitBuckets = []float64{.001, .01, .05, .1, .25, .5, 1, 1.5, 2, 5}

// New makes all series and registers them. It panics when reg has them already,
// which is a mistake of the program.
func New(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		build:      gauge("build_info", "Version of the running gateway; the value is always 1.", "version", "revision", "goversion"),
		received:   counter("ipmi_datagrams_received_total", "UDP datagrams read from BMC sockets.", "tenant"),
		dropped:    counter("ipmi_datagrams_dropped_total", "Datagrams discarded before a command was run.", "tenant", "reason"),
		requests:   counter("ipmi_requests_total", "IPMI commands answered.", "tenant", "command", "result"),
		duration:   histogram("ipmi_request_duration_seconds", "Time from datagram read to reply sent.", requestBuckets, "command"),
		handshakes: counter("ipmi_session_handshakes_total", "Session set-ups by outcome.", "tenant", "result"),
		power:      counter("power_operations_total", "Power operations asked of vSphere.", "tenant", "operation", "result"),
		calls:      counter("vsphere_requests_total", "Calls made to the vCenter.", "vcenter", "method", "result"),
		commands:   counter("vsphere_commands_total", "Commands for the vCenter, by what became of their wait for a turn.", "vcenter", "tenant", "fate"),
		waited:     histogram("vsphere_command_wait_seconds", "How long commands waited for their turn to call the vCenter.", waitBuckets, "vcenter"),
		callTook:   histogram("vsphere_request_duration_seconds", "Duration of calls to the vCenter, but for those that wait for a change.", callBuckets, "vcenter"),
	}
	reg.MustRegister(m.build, m.received, m.dropped, m.requests, m.duration,
		m.handshakes, m.power, m.calls, m.callTook, m.commands, m.waited, &stateCollector{state: &m.state})
	return m
}

// Build publishes which program is running.
func (m *Metrics) Build(version, revision, goVersion string) {
	if m == nil {
		return
	}
	m.build.WithLabelValues(version, revision, goVersion).Set(1)
}

// Observe makes snapshot the source of the gauges about the present state; it
// is called at each scrape, possibly from several goroutines. The returned
// function takes it away again.
func (m *Metrics) Observe(snapshot func() Snapshot) (stop func()) {
	if m == nil {
		return func() {}
	}
	mine := &snapshot
	m.state.Store(mine)
	return func() { m.state.CompareAndSwap(mine, nil) }
}

// A Tenant counts for one tenant. It is made once and kept; its methods are for
// the packet path: no allocation once a label value has been seen.
type Tenant struct {
	received   prometheus.Counter
	dropped    children
	requests   children
	duration   *prometheus.HistogramVec
	handshakes children
	power      children
}

// Tenant returns the counters of a tenant; nil, which counts nothing, for nil Metrics.
func (m *Metrics) Tenant(name string) *Tenant {
	if m == nil {
		return nil
	}
	return &Tenant{
		received:   m.received.WithLabelValues(name),
		dropped:    children{vec: m.dropped, first: name},
		requests:   children{vec: m.requests, first: name},
		duration:   m.duration,
		handshakes: children{vec: m.handshakes, first: name},
		power:      children{vec: m.power, first: name},
	}
}

// Received counts a datagram read from a BMC's socket.
func (t *Tenant) Received() {
	if t != nil {
		t.received.Inc()
	}
}

// Dropped counts a datagram that got no answer.
func (t *Tenant) Dropped(reason string) {
	if t != nil {
		t.dropped.one(reason).Inc()
	}
}

// Request counts an answered command. command is a name of the command table,
// or "other": whatever a client makes up must not become a label.
func (t *Tenant) Request(command, result string, took time.Duration) {
	if t != nil {
		t.requests.two(command, result).Inc()
		t.duration.WithLabelValues(command).Observe(took.Seconds())
	}
}

// Handshake counts a session set-up that has succeeded or failed.
func (t *Tenant) Handshake(result string) {
	if t != nil {
		t.handshakes.one(result).Inc()
	}
}

// Power counts a power operation that vSphere has accepted, refused or left open.
func (t *Tenant) Power(operation, result string) {
	if t != nil {
		t.power.two(operation, result).Inc()
	}
}

// A VCenter counts for one vCenter.
type VCenter struct {
	calls    children
	took     prometheus.Observer
	commands children
	waited   prometheus.Observer
}

// VCenter returns the counters of a vCenter; nil, which counts nothing, for nil Metrics.
func (m *Metrics) VCenter(name string) *VCenter {
	if m == nil {
		return nil
	}
	return &VCenter{
		calls:    children{vec: m.calls, first: name},
		took:     m.callTook.WithLabelValues(name),
		commands: children{vec: m.commands, first: name},
		waited:   m.waited.WithLabelValues(name),
	}
}

// longPoll is the call that vCenter answers when something has changed: how long it
// takes says nothing about vCenter.
const longPoll = "WaitForUpdatesEx"

// Call counts a call to the vCenter. It fits vsphere.Config.OnCall.
func (v *VCenter) Call(method string, took time.Duration, err error) {
	if v == nil {
		return
	}
	result := "ok"
	if err != nil {
		result = "error"
	}
	v.calls.two(method, result).Inc()
	if method != longPoll {
		v.took.Observe(took.Seconds())
	}
}

// Command counts a command of a tenant that waited for its turn to call the vCenter,
// and what became of that: "sent", or why it was not.
func (v *VCenter) Command(tenant, fate string, waited time.Duration) {
	if v == nil {
		return
	}
	v.commands.two(tenant, fate).Inc()
	v.waited.Observe(waited.Seconds())
}
