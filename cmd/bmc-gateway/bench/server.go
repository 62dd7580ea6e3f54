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

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
)

// Whom the generator logs in as, everywhere.
const (
	userName = "admin"
	password = "password"
)

// served runs a server and prints its address. It ends with its standard input,
// so that it does not outlive the program that has started it.
func served(ctx context.Context, profile string, serve func(context.Context, *net.UDPConn) error) error {
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
	conn, err := listen()
	if err != nil {
		return err
	}
	defer conn.Close()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- serve(ctx, conn) }()
	orphaned := make(chan struct{})
	go func() { // ends with the process at the latest: nothing else reads the input
		defer close(orphaned)
		_, _ = io.Copy(io.Discard, os.Stdin)
	}()
	fmt.Println(conn.LocalAddr())
	select {
	case err := <-done:
		return err
	case <-orphaned:
	case <-ctx.Done():
	}
	return nil
}

// bmcOn serves a BMC with what the gateway gives it, but for the VM.
func bmcOn(ctx context.Context, conn *net.UDPConn) error {
	config := bmc.Config{
		Accounts:    []bmc.Account{{Name: userName, Password: password, Privilege: ipmi.Administrator}},
		LAN:         bmc.LAN{Address: netip.MustParseAddr("127.0.0.1"), PrefixLength: 8},
		MaxSessions: 63,
	}
	_, _ = rand.Read(config.GUID[:]) // it never fails
	for _, id := range []ipmi.CipherSuiteID{17, 3} {
		suite, err := ipmi.CipherSuiteByID(id)
		if err != nil {
			return err
		}
		config.Suites = append(config.Suites, suite)
	}
	b, err := bmc.New(config, machine{})
	if err != nil {
		return err
	}
	return b.Serve(ctx, conn)
}

// A machine is on and does nothing.
type machine struct{}

func (machine) Power() (bmc.PowerState, error)                               { return bmc.On, nil }
func (machine) Control(context.Context, ipmi.ChassisControl) error           { return nil }
func (machine) Boot() ipmi.BootFlags                                         { return ipmi.BootFlags{} }
func (machine) SetBoot(context.Context, ipmi.BootFlags, time.Duration) error { return nil }
