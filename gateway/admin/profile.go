package admin

import (
	"net/http"
	"net/http/pprof"
)

// handleProfiles serves what the Go runtime knows of the daemon, for go tool pprof. Only
// who may use the socket is told: a profile costs time while it is taken, and a trace
// says much of who does what.
func handleProfiles(mux *http.ServeMux) {
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
}
