package metrics

import (
	"cmp"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// A BMCState is what is told of one BMC.
type BMCState struct {
	Tenant, Name, Instance string // Instance is the VM's instance UUID
	Address, MAC, VCenter  string
	State, Power           string // in the words of the command line
	Sessions               int
	Requests               uint64    // since the daemon started
	LastRequest            time.Time // zero: never
}

var (
	bmcInfo     = described(prometheus.GaugeValue, "bmc_info", "What a BMC is; the value is always 1.", "tenant", "bmc", "address", "mac", "vcenter", "vm_uuid")
	bmcUp       = described(prometheus.GaugeValue, "bmc_up", "Whether the BMC answers.", "tenant", "bmc")
	bmcPowerOn  = described(prometheus.GaugeValue, "bmc_power_on", "Whether the VM is on, also when it is suspended; absent while nobody can vouch for it.", "tenant", "bmc")
	bmcSessions = described(prometheus.GaugeValue, "bmc_sessions", "Open IPMI sessions.", "tenant", "bmc")
	bmcRequests = described(prometheus.CounterValue, "bmc_requests_total", "IPMI commands answered.", "tenant", "bmc")
	bmcLast     = described(prometheus.GaugeValue, "bmc_last_request_timestamp_seconds", "When a command was last answered; absent before the first.", "tenant", "bmc")
)

// BMCCollector returns a collector of a handful of series for each of the BMCs.
// Of two of one tenant and name, the later ones are told under "name (uuid)".
func BMCCollector(all []BMCState) prometheus.Collector {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b BMCState) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Instance, b.Instance))
	})
	name := ""
	for i := range all {
		if i > 0 && all[i].Tenant == all[i-1].Tenant && all[i].Name == name {
			all[i].Name += " (" + all[i].Instance + ")"
			continue
		}
		name = all[i].Name
	}
	return bmcCollector(all)
}

type bmcCollector []BMCState

// Describe implements prometheus.Collector.
func (bmcCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, s := range []stateSeries{bmcInfo, bmcUp, bmcPowerOn, bmcSessions, bmcRequests, bmcLast} {
		ch <- s.desc
	}
}

// Collect implements prometheus.Collector.
func (all bmcCollector) Collect(ch chan<- prometheus.Metric) {
	for _, b := range all {
		tell := func(s stateSeries, value float64, labels ...string) {
			ch <- prometheus.MustNewConstMetric(s.desc, s.kind, value, append([]string{b.Tenant, b.Name}, labels...)...)
		}
		tell(bmcInfo, 1, b.Address, b.MAC, b.VCenter, b.Instance)
		tell(bmcUp, truth(b.State == "ready" || b.State == "held" || b.State == "maintenance"))
		if b.Power == "on" || b.Power == "off" || b.Power == "suspended" {
			tell(bmcPowerOn, truth(b.Power != "off"))
		}
		tell(bmcSessions, float64(b.Sessions))
		tell(bmcRequests, float64(b.Requests))
		if !b.LastRequest.IsZero() {
			tell(bmcLast, float64(b.LastRequest.UnixMilli())/1000)
		}
	}
}
