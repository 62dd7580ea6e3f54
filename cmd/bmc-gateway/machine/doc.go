// Package machine tests the package, its systemd unit and VLANs where they are
// real: in a virtual machine with Debian's kernel and systemd (make machine). Half
// of it runs outside and makes the machine, half of it runs inside.
package machine
