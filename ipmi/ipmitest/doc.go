// Package ipmitest is the other side of a BMC, for tests: a remote console that
// logs in, retries, replays and misbehaves as told, and a network of packets in
// memory that loses, doubles and reorders them, and that works inside the
// bubbles of testing/synctest, where a real socket would stop the clock.
package ipmitest
