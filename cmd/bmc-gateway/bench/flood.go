//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"text/tabwriter"

	"golang.org/x/sync/errgroup"

	"github.com/bmc-gateway/bmc-gateway/gateway/listen"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote/load"
)

// packetRate is what a BMC of the gateway hears from one source a second, by default.
const packetRate = 20000

// floodedHost has the second BMC of a pair, on the port that the first one has on
// 127.0.0.1.
const floodedHost = "127.0.0.2"

// openPair is two BMCs of one thread, as the gateway has thousands. Its address is
// that of the one that is left in peace.
func openPair() (server, error) {
	sockets, err := listen.New(1)
	if err != nil {
		return server{}, err
	}
	quiet, err := sockets.Open(netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		return server{}, err
	}
	other, err := sockets.Open(flooded(quiet.LocalAddr()))
	if err != nil {
		return server{}, err
	}
	return server{net.UDPAddrFromAddrPort(quiet.LocalAddr()), func(ctx context.Context) error {
		defer sockets.Close()
		g, ctx := errgroup.WithContext(ctx)
		g.Go(func() error { return serveOn(ctx, quiet, 0) }) // or its limit would be measured
		g.Go(func() error { return serveOn(ctx, other, packetRate) })
		return g.Wait()
	}}, nil
}

// flooded is the address of the one that is not left in peace.
func flooded(quiet netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(netip.MustParseAddr(floodedHost), quiet.Port())
}

// openFlood sends a BMC Open Session Requests, as many as one thread can.
func openFlood(to string) (server, error) {
	target, err := netip.ParseAddrPort(to)
	if err != nil {
		return server{}, err
	}
	suite, err := ipmi.CipherSuiteByID(17)
	if err != nil {
		return server{}, err
	}
	conn, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(target))
	if err != nil {
		return server{}, err
	}
	packet := ipmi.AppendSession20(nil, ipmi.PayloadOpenSessionRequest,
		ipmi.AppendOpenSessionRequest(nil, 0, ipmi.Administrator, 1, suite))
	return server{conn.LocalAddr(), func(ctx context.Context) error {
		defer conn.Close()
		for ctx.Err() == nil {
			_, _ = conn.Write(packet) // it may be refused for want of room
		}
		return nil
	}}, nil
}

// besideFlood measures commands at one BMC of a pair, by turns alone and while a
// process of its own floods the other. Nothing is asked twice: what gets no answer
// is lost.
func besideFlood(ctx context.Context, p plan) error {
	pair, err := startSelf(ctx, servePair)
	if err != nil {
		return err
	}
	defer pair.stop()
	alone := &row{name: "alone", server: pair, operation: load.Command, suite: 17}
	beside := &row{name: "beside a flood", server: pair, operation: load.Command, suite: 17}
	for range p.rounds {
		if err := sampleOnce(ctx, alone, p); err != nil {
			return err
		}
		flood, err := startSelf(ctx, sendFlood, flooded(pair.addr).String())
		if err != nil {
			return err
		}
		err = sampleOnce(ctx, beside, p)
		flood.stop()
		if err != nil {
			return err
		}
	}
	printFlood(os.Stdout, p, alone, beside)
	return nil
}

// sampleOnce measures a row with one command outstanding.
func sampleOnce(ctx context.Context, r *row, p plan) error {
	suite, err := ipmi.CipherSuiteByID(r.suite)
	if err != nil {
		return err
	}
	result, err := load.Run(ctx, load.Config{
		Target: r.server.addr, Operation: r.operation, Concurrency: 1, Tries: 1, Warm: warm, Duration: p.duration,
		Login: remote.Login{Suite: suite, User: userName, Password: password, Privilege: ipmi.Administrator},
	})
	if err != nil {
		return fmt.Errorf("%s: %w", r.name, err)
	}
	r.samples = append(r.samples, sample{Result: result})
	return nil
}

func printFlood(w io.Writer, p plan, rows ...*row) {
	fmt.Fprintf(w, "\ncommands at a BMC while another one of the same thread is flooded; medians of %d rounds, 1 outstanding\n\n", p.rounds)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\tper second\tp50 µs\tp99 µs\tasked\tlost\t")
	for _, r := range rows {
		var asked, lost uint64
		for _, s := range r.samples {
			asked += s.Operations + s.Errors
			lost += s.Errors
		}
		fmt.Fprintf(t, "%s\t%.0f\t%.0f\t%.0f\t%d\t%d\t\n", r.name,
			r.median(func(s sample) float64 { return s.PerSecond }),
			r.median(func(s sample) float64 { return float64(s.P50.Nanoseconds()) / 1e3 }),
			r.median(func(s sample) float64 { return float64(s.P99.Nanoseconds()) / 1e3 }), asked, lost)
	}
	_ = t.Flush() // to standard output: there is nowhere to report it
}
