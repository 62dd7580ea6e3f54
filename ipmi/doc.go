// Package ipmi is the wire: RMCP and ASF, the session headers of IPMI 1.5 and
// 2.0, RAKP, LAN messages, cipher suites and command bodies. Parse… reads,
// Append… writes; there is no socket, no clock and no state in here, so that a
// BMC and a remote console can share it and a fuzzer can own it.
//
// Section numbers are those of the IPMI 2.0 specification, revision 1.1 with
// errata 7, unless another document is named. Multi-byte fields of IPMI are
// least significant byte first; those of RMCP and ASF are the other way round.
package ipmi
