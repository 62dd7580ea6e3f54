// Package bmc is one BMC: handshakes, sessions with their sliding windows, the
// command table and its handlers. Bytes in, bytes out: it asks a Machine about
// the computer it manages and knows nothing of vSphere or of addresses.
package bmc
