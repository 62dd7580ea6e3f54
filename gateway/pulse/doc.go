// Package pulse tells whether a loop makes progress, for those that must not go
// on when it does not: the keeping of addresses, and systemd's watchdog.
package pulse
