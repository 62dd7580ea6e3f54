// Package metrics holds every series of the gateway in one place, on a registry
// that is passed in. Counters are kept as things happen; gauges about the
// present state are read from one snapshot at each scrape. Nothing here is
// labelled by VM, account or source address: labels are bounded by the
// configuration and the command table.
package metrics
