package metrics

import "github.com/prometheus/client_golang/prometheus"

// Pages registers how many status pages are kept up to date now; streams is called at
// each scrape. It panics when reg has the series already, which is a mistake of the
// program.
func Pages(reg prometheus.Registerer, streams func() int) {
	reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: prefix + "page_streams", Help: "Status pages that are kept up to date now.",
	}, func() float64 { return float64(streams()) }))
}
