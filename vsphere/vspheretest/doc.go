// Package vspheretest runs a simulated vCenter in this process: govmomi's
// simulator with the gaps closed that a client of the property collector, of
// power verbs and of tags would fall into, and with the means to break it on
// purpose. It serves tests and the demo, so it knows nothing of package testing.
package vspheretest
