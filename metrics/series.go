package metrics

import "github.com/prometheus/client_golang/prometheus"

// prefix stands before every series: one word for the application.
const prefix = "bmcgw_"

func gauge(name, help string, labels ...string) *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: prefix + name, Help: help}, labels)
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: prefix + name, Help: help}, labels)
}

func histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(
		prometheus.HistogramOpts{Name: prefix + name, Help: help, Buckets: buckets}, labels)
}

// children are the counters of a vector whose first label has one value.
type children struct {
	vec   *prometheus.CounterVec
	first string
}

func (c children) one(second string) prometheus.Counter {
	return c.vec.WithLabelValues(c.first, second)
}

func (c children) two(second, third string) prometheus.Counter {
	return c.vec.WithLabelValues(c.first, second, third)
}
