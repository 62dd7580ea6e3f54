// Package admin tells the operator what the daemon is doing: HTTP and JSON on a
// unix socket, with versioned paths, and the client the command line tool uses.
// What it tells comes from a Source, which answers from memory. All it can be told
// in return is to let held removals go ahead.
package admin
