// Package bmctest serves BMCs on loopback, for tests of what talks to one over a
// real socket.
package bmctest
