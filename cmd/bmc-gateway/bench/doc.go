//go:build linux

// Command bench measures what a BMC costs, beside a server that only echoes and
// beside Debian's ipmi_sim: each a process of its own, in the same minutes of
// the same machine. Then it floods one BMC and measures another.
package main
