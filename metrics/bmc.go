package metrics

import (
	"cmp"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
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

// BMCs returns a gatherer of a handful of series for each of the BMCs. Of two of
// one tenant and name, the later ones are told under "name (uuid)".
//
// A registry would make, check and sort 60,000 series of 10,000 BMCs at each
// scrape. They are right and in order by the way they are made here.
func BMCs(all []BMCState) prometheus.Gatherer {
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
	return prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) { return bmcFamilies(all), nil })
}

// bmcFamilies are the series of all BMCs, in the order of the families' names.
func bmcFamilies(all []BMCState) []*dto.MetricFamily {
	labels := make([][]*dto.LabelPair, len(all))
	for i, b := range all {
		labels[i] = labelled("bmc", b.Name, "tenant", b.Tenant)
	}
	series := func(name, help string, kind dto.MetricType, value func(BMCState) (v float64, told bool)) *dto.MetricFamily {
		f := &dto.MetricFamily{Name: new(prefix + name), Help: &help, Type: &kind, Metric: make([]*dto.Metric, 0, len(all))}
		for i, b := range all {
			if v, told := value(b); told {
				f.Metric = append(f.Metric, sample(kind, labels[i], v))
			}
		}
		return f
	}
	families := []*dto.MetricFamily{
		bmcInfo(all),
		series("bmc_last_request_timestamp_seconds", "When a command was last answered; absent before the first.", dto.MetricType_GAUGE,
			func(b BMCState) (float64, bool) {
				return float64(b.LastRequest.UnixMilli()) / 1000, !b.LastRequest.IsZero()
			}),
		series("bmc_power_on", "Whether the VM is on, also when it is suspended; absent while nobody can vouch for it.", dto.MetricType_GAUGE,
			func(b BMCState) (float64, bool) {
				return truth(b.Power != "off"), b.Power == "on" || b.Power == "off" || b.Power == "suspended"
			}),
		series("bmc_requests_total", "IPMI commands answered.", dto.MetricType_COUNTER,
			func(b BMCState) (float64, bool) { return float64(b.Requests), true }),
		series("bmc_sessions", "Open IPMI sessions.", dto.MetricType_GAUGE,
			func(b BMCState) (float64, bool) { return float64(b.Sessions), true }),
		series("bmc_up", "Whether the BMC answers.", dto.MetricType_GAUGE,
			func(b BMCState) (float64, bool) {
				return truth(b.State == "ready" || b.State == "held" || b.State == "maintenance"), true
			}),
	}
	return slices.DeleteFunc(families, func(f *dto.MetricFamily) bool { return len(f.Metric) == 0 })
}

// bmcInfo has labels of its own.
func bmcInfo(all []BMCState) *dto.MetricFamily {
	f := &dto.MetricFamily{Name: new(prefix + "bmc_info"), Help: new("What a BMC is; the value is always 1."), Type: dto.MetricType_GAUGE.Enum()}
	for _, b := range all {
		f.Metric = append(f.Metric, sample(dto.MetricType_GAUGE, labelled("address", b.Address, "bmc", b.Name, "mac", b.MAC,
			"tenant", b.Tenant, "vcenter", b.VCenter, "vm_uuid", b.Instance), 1))
	}
	return f
}

// labelled makes labels of names, in their order, each with its value.
func labelled(words ...string) []*dto.LabelPair {
	pairs := make([]*dto.LabelPair, 0, len(words)/2)
	for i := 0; i < len(words); i += 2 {
		pairs = append(pairs, &dto.LabelPair{Name: &words[i], Value: &words[i+1]})
	}
	return pairs
}

func sample(kind dto.MetricType, labels []*dto.LabelPair, value float64) *dto.Metric {
	if kind == dto.MetricType_COUNTER {
		return &dto.Metric{Label: labels, Counter: &dto.Counter{Value: &value}}
	}
	return &dto.Metric{Label: labels, Gauge: &dto.Gauge{Value: &value}}
}
