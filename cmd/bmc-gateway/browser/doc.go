// Package browser holds the tests of what the daemon tells over HTTP: the real
// daemon with 10,000 BMCs of 20 tenants, metrics as Prometheus reads them, and the
// status page as people see it, in a headless Chromium. It has only tests.
package browser
