// Package web is what the daemon tells over HTTP: metrics, health and, for
// Prometheus, which BMCs there are. It changes nothing.
package web
