//go:build linux

package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/bmc-gateway/bmc-gateway/ipmi/remote/load"
)

// printTable prints the medians of all rounds.
func printTable(w io.Writer, p plan, floor *row, rows []*row) {
	fmt.Fprintf(w, "medians of %d rounds, %d operations outstanding; a session is %d round trips\n\n", p.rounds, p.concurrency, tripsPerSession)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "server\tsuite\toperation\tper second\tp50 µs\tp99 µs\tserver CPU µs\tround trips to echo's\tCPU to echo's\t")
	echoCPU := floor.median(serverCPU)
	for _, r := range append([]*row{floor}, rows...) {
		suite := "-"
		if r.operation != load.Echo {
			suite = fmt.Sprint(r.suite)
		}
		cpu := r.median(serverCPU)
		fmt.Fprintf(t, "%s\t%s\t%s\t%.0f\t%.0f\t%.0f\t%.1f\t%.2f\t%.2f\t\n", r.name, suite, r.operation,
			r.median(func(s sample) float64 { return s.PerSecond }),
			r.median(func(s sample) float64 { return float64(s.P50.Nanoseconds()) / 1e3 }),
			r.median(func(s sample) float64 { return float64(s.P99.Nanoseconds()) / 1e3 }),
			cpu, r.median(func(s sample) float64 { return s.toEcho }), cpu/(r.trips()*echoCPU))
	}
	_ = t.Flush() // to standard output: there is nowhere to report it
}

func serverCPU(s sample) float64 { return float64(s.ServerCPU.Nanoseconds()) / 1e3 }

func (r *row) median(of func(sample) float64) float64 {
	values := make([]float64, len(r.samples))
	for i, s := range r.samples {
		values[i] = of(s)
	}
	slices.Sort(values)
	n := len(values)
	if n == 0 {
		return 0
	}
	return (values[(n-1)/2] + values[n/2]) / 2
}
