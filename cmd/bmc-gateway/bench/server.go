//go:build linux

package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"runtime/pprof"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/listen"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
)

// Whom the generator logs in as, everywhere.
const (
	userName = "admin"
	password = "password"
)

// A server has an address and runs until its context ends or it fails.
type server struct {
	at  net.Addr
	run func(context.Context) error
}

// served runs a server and prints its address. It ends with its standard input,
// so that it does not outlive the program that has started it.
func served(ctx context.Context, profile string, open func() (server, error)) error {
	if profile != "" {
		f, err := os.Create(profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	s, err := open()
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- s.run(ctx) }()
	orphaned := make(chan struct{})
	go func() { // ends with the process at the latest: nothing else reads the input
		defer close(orphaned)
		_, _ = io.Copy(io.Discard, os.Stdin)
	}()
	fmt.Println(s.at)
	select {
	case err := <-done:
		return err
	case <-orphaned:
	case <-ctx.Done():
	}
	return nil
}

// withConn is a server on a socket of package net.
func withConn(serve func(*net.UDPConn) error) func() (server, error) {
	return func() (server, error) {
		conn, err := listenLoopback()
		if err != nil {
			return server{}, err
		}
		return server{conn.LocalAddr(), func(context.Context) error { return serve(conn) }}, nil
	}
}

// openBMC is a BMC on a socket as the gateway has them, with what it gives it,
// but for the VM and the limit on each source's packets.
func openBMC() (server, error) {
	sockets, err := listen.New(1)
	if err != nil {
		return server{}, err
	}
	conn, err := sockets.Open(netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		return server{}, err
	}
	return server{net.UDPAddrFromAddrPort(conn.LocalAddr()), func(ctx context.Context) error {
		defer sockets.Close()
		return serveOn(ctx, conn, 0)
	}}, nil
}

// serveOn runs a BMC that hears so many packets a second from one source, 0 all,
// until ctx ends. Then it closes conn.
func serveOn(ctx context.Context, conn *listen.Socket, packetRate int) error {
	defer conn.Close()
	b, err := newBMC(packetRate)
	if err != nil {
		return err
	}
	stop, err := b.Start(conn)
	if err != nil {
		return err
	}
	defer stop()
	failed := make(chan error, 1)
	if err := conn.Serve(listen.Handler{Receive: b.Receive, Failed: func(err error) { failed <- err }}); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		return err
	}
}

func newBMC(packetRate int) (*bmc.BMC, error) {
	config := bmc.Config{
		PacketRate:  packetRate,
		Accounts:    []bmc.Account{{Name: userName, Password: password, Privilege: ipmi.Administrator}},
		LAN:         bmc.LAN{Address: netip.MustParseAddr("127.0.0.1"), PrefixLength: 8},
		MaxSessions: 63,
	}
	_, _ = rand.Read(config.GUID[:]) // it never fails
	for _, id := range []ipmi.CipherSuiteID{17, 3} {
		suite, err := ipmi.CipherSuiteByID(id)
		if err != nil {
			return nil, err
		}
		config.Suites = append(config.Suites, suite)
	}
	return bmc.New(config, machine{})
}

// A machine is on and does nothing.
type machine struct{}

func (machine) Power() (bmc.PowerState, error)                               { return bmc.On, nil }
func (machine) Control(context.Context, ipmi.ChassisControl) error           { return nil }
func (machine) Boot() ipmi.BootFlags                                         { return ipmi.BootFlags{} }
func (machine) SetBoot(context.Context, ipmi.BootFlags, time.Duration) error { return nil }
