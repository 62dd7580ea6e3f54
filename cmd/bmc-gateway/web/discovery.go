package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/page"
)

// A targetGroup is one target as Prometheus' HTTP service discovery wants it.
type targetGroup struct {
	Targets []string          `json:"targets"`
	Labels  map[string]string `json:"labels"`
}

// discovery tells Prometheus which BMCs there are, all of them each time, as
// targets of an exporter that is asked with ?target=. The labels that begin with
// __meta_ are for relabelling; the module is the tenant, whose accounts differ.
func discovery(src look) part {
	return func(w http.ResponseWriter, r *http.Request, v page.Viewer) {
		q := r.URL.Query()
		if e := q.Get("exporter"); e != "" && e != "ipmi" {
			http.Error(w, fmt.Sprintf("exporter %q is not known; ipmi is", e), http.StatusBadRequest)
			return
		}
		groups := []targetGroup{} // [] and not null when there are none
		for _, b := range v.BMCs(src.BMCs()) {
			if t := q.Get("tenant"); !b.Address.IsValid() || t != "" && b.Tenant != t {
				continue
			}
			target := b.Address.String()
			if b.Port != 623 {
				target = fmt.Sprintf("%s:%d", target, b.Port)
				if b.Address.Is6() {
					target = fmt.Sprintf("[%s]:%d", b.Address, b.Port)
				}
			}
			groups = append(groups, targetGroup{Targets: []string{target}, Labels: map[string]string{
				"__meta_bmcgw_tenant": b.Tenant, "__meta_bmcgw_bmc": b.Name, "__meta_bmcgw_vm": b.VM.Name,
				"__meta_bmcgw_vm_uuid": b.VM.InstanceUUID, "__meta_bmcgw_vcenter": b.VCenter, "__meta_bmcgw_cluster": b.Cluster, "__meta_bmcgw_power": string(b.Power),
				"__meta_bmcgw_state": string(b.State), "__meta_bmcgw_tags": "," + strings.Join(tagsOf(b.SelectedBy), ",") + ",",
				"__param_module": b.Tenant,
			}})
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(groups) // an error is a client that has gone
	}
}

// tagsOf are the tags by which a VM is selected.
func tagsOf(selectedBy []string) []string {
	var tags []string
	for _, by := range selectedBy {
		if tag, ok := strings.CutPrefix(by, "tag "); ok {
			tags = append(tags, tag)
		}
	}
	return tags
}
