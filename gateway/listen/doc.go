// Package listen receives the datagrams of thousands of UDP sockets with a few
// threads. Each socket gets its turn and a bounded number of packets in it, so
// that a flood at one costs the others next to nothing.
package listen
