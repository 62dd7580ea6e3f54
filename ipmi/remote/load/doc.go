// Package load asks a BMC, or a server that echoes, as fast as it answers, and
// measures how fast that is and what it costs the server's process.
package load
