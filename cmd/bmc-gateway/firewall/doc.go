// Package firewall writes nftables rules that keep what is no BMC's business
// away from the BMCs' addresses, before it costs the daemon anything.
package firewall
