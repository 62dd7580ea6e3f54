// Package login reads who may log in to the daemon's HTTP server: the users of a web
// configuration file as Prometheus' exporters take it.
package login
