// Command bmc-gateway gives vSphere virtual machines BMCs. "serve" is the
// daemon; the other commands ask it, check its configuration, or show it at
// work without vSphere. Here are the commands, the signals and the wiring;
// only main.go ends the process.
package main
