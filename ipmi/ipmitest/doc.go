// Package ipmitest is a network of packets in memory, for tests: it loses, doubles and
// reorders them as told, and works inside the bubbles of testing/synctest, where a real
// socket would stop the clock.
package ipmitest
