//go:build linux

package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"time"
)

// The servers are this program, started again with one of these words.
const (
	serveBMC    = "serve-bmc"
	serveEcho   = "serve-echo"
	serveGoEcho = "serve-go-echo"
	servePair   = "serve-pair"
	// sendFlood, with an address, is no server: it only sends.
	sendFlood = "flood"
)

func main() {
	rounds := flag.Int("rounds", 5, "how often each case is measured")
	duration := flag.Duration("duration", time.Second, "of each measurement")
	concurrency := flag.Int("concurrency", 4, "operations outstanding")
	profile := flag.String("cpuprofile", "", "with serve-bmc: write a profile of the processor time to this file")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	var err error
	switch flag.Arg(0) {
	case serveBMC:
		err = served(ctx, *profile, openBMC)
	case serveEcho:
		err = served(ctx, *profile, withConn(echoOn))
	case serveGoEcho:
		err = served(ctx, *profile, withConn(goEchoOn))
	case servePair:
		err = served(ctx, *profile, openPair)
	case sendFlood:
		err = served(ctx, *profile, func() (server, error) { return openFlood(flag.Arg(1)) })
	case "":
		p := plan{rounds: *rounds, duration: *duration, concurrency: *concurrency}
		if err = compare(ctx, p); err == nil {
			err = besideFlood(ctx, p)
		}
	default:
		err = fmt.Errorf("%q is none of %s, %s, %s, %s, %s", flag.Arg(0), serveBMC, serveEcho, serveGoEcho, servePair, sendFlood)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// listenLoopback opens a socket on loopback with the kernel's choice of a port.
func listenLoopback() (*net.UDPConn, error) {
	return net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
}
