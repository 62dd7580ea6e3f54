//go:build linux

package main

import (
	"fmt"
	"net"
	"runtime"
	"syscall"
)

// echoOn is the least a server can do with a packet: two system calls that
// block, on a thread of their own, without the runtime's poller. It ends with
// the process.
func echoOn(conn *net.UDPConn) error {
	f, err := conn.File()
	if err != nil {
		return err
	}
	defer f.Close()
	fd := int(f.Fd())
	if err := syscall.SetNonblock(fd, false); err != nil {
		return err
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var b [2048]byte
	for {
		n, from, err := syscall.Recvfrom(fd, b[:], 0)
		switch err {
		case nil:
		case syscall.EINTR, syscall.ECONNREFUSED: // the second tells the fate of an earlier packet
			continue
		default:
			return fmt.Errorf("recvfrom: %w", err)
		}
		_ = syscall.Sendto(fd, b[:n], 0, from) // what is lost, the generator misses
	}
}

// goEchoOn is the least a server can do with package net: one goroutine among
// thousands that wait in the runtime's poller.
func goEchoOn(conn *net.UDPConn) error {
	b := make([]byte, 2048)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(b)
		if err != nil {
			return err
		}
		_, _ = conn.WriteToUDPAddrPort(b[:n], from) // what is lost, the generator misses
	}
}
