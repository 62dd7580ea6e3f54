// Package remote is the other side of a BMC: a remote console that opens IPMI 1.5 and
// 2.0 sessions, asks and asks again, and, for tests, replays and misbehaves as told.
// It works on a UDP socket and on the in-memory network of package ipmitest.
package remote
