// Package lab sets up what the suites with real clients need: a gateway between
// a simulated vCenter and addresses of 127.0.0.0/8, and a place to run a client
// in. It is for tests; nothing that is shipped imports it.
package lab
