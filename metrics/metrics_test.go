package metrics_test

import (
	"errors"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/bmc-gateway/bmc-gateway/metrics"
)

// everything makes each series appear once.
func everything(t *testing.T) prometheus.Gatherer {
	t.Helper()
	reg := prometheus.NewRegistry()
	m := metrics.New(reg)
	m.Build("0.9.0", "3fa1c2e", "go1.26.8")
	metrics.Pages(reg, func() int { return 3 })
	bmcs := metrics.BMCs([]metrics.BMCState{{Tenant: "lab-a", Name: "esxi01", State: "ready", Power: "on", LastRequest: time.Unix(1795500000, 0)}})
	tenant := m.Tenant("lab-a")
	tenant.Received()
	tenant.Dropped("malformed")
	tenant.Request("get_chassis_status", "ok", 2*time.Millisecond)
	tenant.Handshake("ok")
	tenant.Power("on", "ok")
	m.VCenter("vc-lab").Call("PowerOnVM_Task", time.Second, nil)
	m.VCenter("vc-lab").Command("lab-a", "sent", time.Millisecond)
	m.VCenter("vc-lab").Call("PowerOnVM_Task", time.Second, errors.New("refused"))
	m.Observe(func() metrics.Snapshot {
		return metrics.Snapshot{
			Config: metrics.ConfigState{Successful: true, At: time.Unix(1795500000, 250e6)},
			Tenants: []metrics.TenantState{{Name: "lab-a", Pending: 1, Ready: 12, Error: 2, Held: 4, Maintenance: 3, Grants: 5, Sessions: 7, PowerHeld: true,
				Hosts: map[string]int{"registered": 30, "failed": 2}, HostsNotUpdated: 8}},
			Clusters: []metrics.ClusterState{{Tenant: "lab-a", VCenter: "vc-lab", Cluster: "gold", On: 9, Off: 2, Unknown: 1}},
			Pools: []metrics.PoolState{{Name: "lab-v4", Addresses: 190, Allocated: 13, InUse: 11, Held: 2, Quarantined: 3, Reserved: 4, Free: 170, Waiting: 5,
				Kept: map[string]int{"ready": 12, "missing": 1}, Conflicts: 2, ConflictsHeard: 9, PutBacks: 3, Resyncs: 40}},
			State: metrics.StateFile{Bytes: 65536, CopiedAt: time.Unix(1700000000, 0), Failures: 7},
			Audit: &metrics.AuditFile{Written: 30, Lost: 2, Failing: true},
			VCenters: []metrics.VCenterState{{Name: "vc-lab", Up: true, Logins: 3, VMs: 15,
				LastUpdate: time.Unix(1795500000, 500e6), Missing: map[string]int{"VirtualMachine.Config.Settings": 4},
				CircuitOpen: true, Commands: 5, Reads: 2, Waiting: map[string]int{"lab-a": 9}}},
		}
	})
	return prometheus.Gatherers{reg, bmcs}
}

// values returns every sample as `name{label="value"}` with its value; of a
// histogram, the number of observations.
func values(t *testing.T, reg prometheus.Gatherer) map[string]float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetName()+"="+l.GetValue())
			}
			got[f.GetName()+"{"+strings.Join(labels, ",")+"}"] = m.GetGauge().GetValue() +
				m.GetCounter().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return got
}

func TestSeries(t *testing.T) {
	want := map[string]float64{
		"bmcgw_build_info{goversion=go1.26.8,revision=3fa1c2e,version=0.9.0}":                       1,
		"bmcgw_config_last_reload_successful{}":                                                     1,
		"bmcgw_config_last_reload_success_timestamp_seconds{}":                                      1795500000.25,
		"bmcgw_bmcs{state=pending,tenant=lab-a}":                                                    1,
		"bmcgw_bmcs{state=ready,tenant=lab-a}":                                                      12,
		"bmcgw_cluster_bmcs{cluster=gold,power=on,tenant=lab-a,vcenter=vc-lab}":                     9,
		"bmcgw_cluster_bmcs{cluster=gold,power=off,tenant=lab-a,vcenter=vc-lab}":                    2,
		"bmcgw_cluster_bmcs{cluster=gold,power=unknown,tenant=lab-a,vcenter=vc-lab}":                1,
		"bmcgw_access_grants{tenant=lab-a}":                                                         5,
		"bmcgw_registration_hosts{state=registered,tenant=lab-a}":                                   30,
		"bmcgw_registration_hosts{state=failed,tenant=lab-a}":                                       2,
		"bmcgw_registration_failures_total{tenant=lab-a}":                                           8,
		"bmcgw_bmcs{state=maintenance,tenant=lab-a}":                                                3,
		"bmcgw_bmcs{state=held,tenant=lab-a}":                                                       4,
		"bmcgw_bmc_info{address=,bmc=esxi01,mac=,tenant=lab-a,vcenter=,vm_uuid=}":                   1,
		"bmcgw_bmc_last_request_timestamp_seconds{bmc=esxi01,tenant=lab-a}":                         1795500000,
		"bmcgw_bmc_power_on{bmc=esxi01,tenant=lab-a}":                                               1,
		"bmcgw_bmc_requests_total{bmc=esxi01,tenant=lab-a}":                                         0,
		"bmcgw_bmc_sessions{bmc=esxi01,tenant=lab-a}":                                               0,
		"bmcgw_bmc_up{bmc=esxi01,tenant=lab-a}":                                                     1,
		"bmcgw_bmcs{state=error,tenant=lab-a}":                                                      2,
		"bmcgw_power_off_held{tenant=lab-a}":                                                        1,
		"bmcgw_pool_addresses{pool=lab-v4}":                                                         190,
		"bmcgw_pool_addresses_state{pool=lab-v4,state=in_use}":                                      11,
		"bmcgw_pool_addresses_state{pool=lab-v4,state=held}":                                        2,
		"bmcgw_pool_addresses_state{pool=lab-v4,state=quarantined}":                                 3,
		"bmcgw_pool_addresses_state{pool=lab-v4,state=reserved}":                                    4,
		"bmcgw_pool_addresses_state{pool=lab-v4,state=free}":                                        170,
		"bmcgw_pool_waiting{pool=lab-v4}":                                                           5,
		"bmcgw_state_file_bytes{}":                                                                  65536,
		"bmcgw_state_file_failures_total{}":                                                         7,
		"bmcgw_state_file_copied_timestamp_seconds{}":                                               1700000000,
		"bmcgw_audit_lines_total{result=written}":                                                   30,
		"bmcgw_audit_lines_total{result=lost}":                                                      2,
		"bmcgw_audit_failing{}":                                                                     1,
		"bmcgw_pool_addresses_allocated{pool=lab-v4}":                                               13,
		"bmcgw_addresses_kept{pool=lab-v4,state=ready}":                                             12,
		"bmcgw_addresses_kept{pool=lab-v4,state=missing}":                                           1,
		"bmcgw_address_conflicts{pool=lab-v4}":                                                      2,
		"bmcgw_address_conflicts_heard_total{pool=lab-v4}":                                          9,
		"bmcgw_address_put_backs_total{pool=lab-v4}":                                                3,
		"bmcgw_address_resyncs_total{pool=lab-v4}":                                                  40,
		"bmcgw_ipmi_datagrams_received_total{tenant=lab-a}":                                         1,
		"bmcgw_ipmi_datagrams_dropped_total{reason=malformed,tenant=lab-a}":                         1,
		"bmcgw_ipmi_requests_total{command=get_chassis_status,result=ok,tenant=lab-a}":              1,
		"bmcgw_ipmi_request_duration_seconds{command=get_chassis_status}":                           1,
		"bmcgw_ipmi_sessions{tenant=lab-a}":                                                         7,
		"bmcgw_page_streams{}":                                                                      3,
		"bmcgw_ipmi_session_handshakes_total{result=ok,tenant=lab-a}":                               1,
		"bmcgw_power_operations_total{operation=on,result=ok,tenant=lab-a}":                         1,
		"bmcgw_vsphere_up{vcenter=vc-lab}":                                                          1,
		"bmcgw_vsphere_logins_total{vcenter=vc-lab}":                                                3,
		"bmcgw_vsphere_missing_privileges{privilege=VirtualMachine.Config.Settings,vcenter=vc-lab}": 4,
		"bmcgw_vsphere_requests_total{method=PowerOnVM_Task,result=ok,vcenter=vc-lab}":              1,
		"bmcgw_vsphere_requests_total{method=PowerOnVM_Task,result=error,vcenter=vc-lab}":           1,
		"bmcgw_vsphere_request_duration_seconds{vcenter=vc-lab}":                                    2,
		"bmcgw_vsphere_commands_total{fate=sent,tenant=lab-a,vcenter=vc-lab}":                       1,
		"bmcgw_vsphere_command_wait_seconds{vcenter=vc-lab}":                                        1,
		"bmcgw_vsphere_circuit_open{vcenter=vc-lab}":                                                1,
		"bmcgw_vsphere_calls_in_flight{kind=command,vcenter=vc-lab}":                                5,
		"bmcgw_vsphere_calls_in_flight{kind=read,vcenter=vc-lab}":                                   2,
		"bmcgw_vsphere_commands_waiting{tenant=lab-a,vcenter=vc-lab}":                               9,
		"bmcgw_inventory_vms{vcenter=vc-lab}":                                                       15,
		"bmcgw_inventory_last_update_timestamp_seconds{vcenter=vc-lab}":                             1795500000.5,
	}
	if diff := cmp.Diff(want, values(t, everything(t))); diff != "" {
		t.Errorf("series (-want +got):\n%s", diff)
	}
}

func TestObserveStops(t *testing.T) {
	reg := prometheus.NewRegistry()
	m := metrics.New(reg)
	one := func() metrics.Snapshot {
		return metrics.Snapshot{VCenters: []metrics.VCenterState{{Name: "vc-lab"}}}
	}
	stop := m.Observe(one)
	got := values(t, reg)
	if _, never := got["bmcgw_inventory_last_update_timestamp_seconds{vcenter=vc-lab}"]; never || len(got) != 8 {
		t.Errorf("vCenter that never answered: got %v, want up, logins, VMs, calls, circuit and the state file only", got)
	}
	stop()
	if got := values(t, reg); len(got) != 0 {
		t.Errorf("after stop: got %v, want nothing", got)
	}
}

func TestStopOfAnEarlierObserverChangesNothing(t *testing.T) {
	reg := prometheus.NewRegistry()
	m := metrics.New(reg)
	snapshot := func(name string) func() metrics.Snapshot {
		return func() metrics.Snapshot {
			return metrics.Snapshot{Pools: []metrics.PoolState{{Name: name}}}
		}
	}
	stop := m.Observe(snapshot("before"))
	m.Observe(snapshot("after"))
	stop()
	if _, ok := values(t, reg)["bmcgw_pool_addresses{pool=after}"]; !ok {
		t.Error("the later observer is gone")
	}
}

// documented are the rows of the table in the reference: name, kind and labels.
var documented = regexp.MustCompile("(?m)^\\| `(bmcgw_[a-z_]+)` \\| (gauge|counter|histogram) \\| ([^|]*) \\|")

func TestReferenceListsEverySeries(t *testing.T) {
	page, err := os.ReadFile("../docs/reference/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, row := range documented.FindAllStringSubmatch(string(page), -1) {
		labels := strings.FieldsFunc(row[3], func(r rune) bool { return strings.ContainsRune("`, -", r) })
		slices.Sort(labels)
		want[row[1]] = row[2] + " " + strings.Join(labels, ",")
	}

	families, err := everything(t).Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, f := range families {
		labels := map[string]bool{}
		for _, l := range f.GetMetric()[0].GetLabel() {
			labels[l.GetName()] = true
		}
		got[f.GetName()] = strings.ToLower(f.GetType().String()) + " " +
			strings.Join(slices.Sorted(maps.Keys(labels)), ",")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("docs/reference/metrics.md (-documented +registered):\n%s", diff)
	}
}
