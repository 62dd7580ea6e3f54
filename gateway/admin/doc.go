// Package admin tells the operator what the daemon is doing: HTTP and JSON on a
// unix socket, read-only, with versioned paths, and the client the command line
// tool uses. What it tells comes from a Source, which answers from memory.
package admin
