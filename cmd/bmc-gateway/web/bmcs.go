package web

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/page"
	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/metrics"
)

// bmcMetrics tells some facts of every BMC, or of those of one tenant: more series
// than belong on /metrics, so who wants them asks for them.
func bmcMetrics(src look, options promhttp.HandlerOpts) part {
	places := page.NewPlaces(options.MaxRequestsInFlight)
	options.MaxRequestsInFlight = 0 // it would count for each handler, and there is one for each request
	options.Timeout = 0             // nothing is waited for, and to be cut off an answer has to be kept until it is whole
	return func(w http.ResponseWriter, r *http.Request, v page.Viewer) {
		leave, ok := places.Take(v)
		if !ok {
			http.Error(w, "too many scrapes at once", http.StatusServiceUnavailable)
			return
		}
		defer leave()
		promhttp.HandlerFor(metrics.BMCs(snapshot(v.BMCs(src.BMCs()), r.URL.Query().Get("tenant"))), options).ServeHTTP(w, r)
	}
}

func snapshot(bmcs []admin.BMC, tenant string) []metrics.BMCState {
	var all []metrics.BMCState
	for _, b := range bmcs {
		if tenant != "" && b.Tenant != tenant {
			continue
		}
		address := ""
		if b.Address.IsValid() {
			address = b.Address.String()
		}
		all = append(all, metrics.BMCState{
			Tenant: b.Tenant, Name: b.Name, Instance: b.VM.InstanceUUID, Address: address, MAC: b.MAC, VCenter: b.VCenter,
			State: string(b.State), Power: string(b.Power), Sessions: len(b.Sessions), Requests: b.Requests, LastRequest: b.LastRequest,
		})
	}
	return all
}
