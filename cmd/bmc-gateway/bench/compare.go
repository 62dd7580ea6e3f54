//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote/load"
)

const (
	warm         = 200 * time.Millisecond
	echoDuration = 500 * time.Millisecond
	// tripsPerSession is how many packets a load.Session sends.
	tripsPerSession = 7
)

// A plan is how long to measure.
type plan struct {
	rounds      int
	duration    time.Duration
	concurrency int
}

// A row is one server and operation, and what came of it in each round.
type row struct {
	name      string
	server    *subject
	operation load.Operation
	suite     ipmi.CipherSuiteID
	samples   []sample
}

// A sample is one measurement between two of the echo.
type sample struct {
	load.Result
	toEcho float64 // round trips per second to those of the echoes before and after
}

// trips is the number of packets of an operation.
func (r *row) trips() float64 {
	if r.operation == load.Session {
		return tripsPerSession
	}
	return 1
}

// compare starts the servers, measures one after the other in rounds, so that a
// busy minute of the machine hits all of them, and prints a table.
func compare(ctx context.Context, p plan) error {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	floor, rows, stop, err := subjects(ctx, dir)
	defer stop()
	if err != nil {
		return err
	}
	for range p.rounds {
		if err := round(ctx, p, floor, rows); err != nil {
			return err
		}
	}
	printTable(os.Stdout, p, floor, rows)
	return nil
}

// subjects starts the servers. stop must be called in any case.
func subjects(ctx context.Context, dir string) (floor *row, rows []*row, stop func(), err error) {
	var started []*subject
	stop = func() {
		for _, s := range started {
			s.stop()
		}
	}
	for _, word := range []string{serveEcho, serveGoEcho, serveBMC} {
		s, err := startSelf(ctx, word)
		if err != nil {
			return nil, nil, stop, err
		}
		started = append(started, s)
	}
	floor = &row{name: "echo", server: started[0], operation: load.Echo}
	rows = []*row{{name: "echo, Go's poller", server: started[1], operation: load.Echo}}
	rows = append(rows, both("bmc-gateway", started[2], 3)...)
	rows = append(rows, both("bmc-gateway", started[2], 17)...)
	sim, err := startIPMISim(ctx, dir)
	if err != nil {
		fmt.Println("without ipmi_sim:", err)
		return floor, rows, stop, nil
	}
	started = append(started, sim)
	return floor, append(rows, both("ipmi_sim", sim, 3)...), stop, nil
}

func both(name string, s *subject, suite ipmi.CipherSuiteID) []*row {
	return []*row{
		{name: name, server: s, operation: load.Command, suite: suite},
		{name: name, server: s, operation: load.Session, suite: suite},
	}
}

// round measures each row once, with the echo before, between and after.
func round(ctx context.Context, p plan, floor *row, rows []*row) error {
	before, err := measure(ctx, floor, echoDuration, p.concurrency)
	if err != nil {
		return err
	}
	floor.samples = append(floor.samples, sample{before, 1})
	for _, r := range rows {
		result, err := measure(ctx, r, p.duration, p.concurrency)
		if err != nil {
			return err
		}
		after, err := measure(ctx, floor, echoDuration, p.concurrency)
		if err != nil {
			return err
		}
		r.samples = append(r.samples, sample{result, r.trips() * result.PerSecond * 2 / (before.PerSecond + after.PerSecond)})
		floor.samples = append(floor.samples, sample{after, 1})
		before = after
	}
	return nil
}

func measure(ctx context.Context, r *row, d time.Duration, concurrency int) (load.Result, error) {
	config := load.Config{
		Target: r.server.addr, Operation: r.operation, Concurrency: concurrency, Warm: warm, Duration: d, PID: r.server.pid,
	}
	if r.operation != load.Echo {
		suite, err := ipmi.CipherSuiteByID(r.suite)
		if err != nil {
			return load.Result{}, err
		}
		config.Login = remote.Login{Suite: suite, User: userName, Password: password, Privilege: ipmi.Administrator}
	}
	result, err := load.Run(ctx, config)
	switch {
	case err != nil:
		return result, fmt.Errorf("%s, %s: %w", r.name, r.operation, err)
	case result.Operations == 0 || result.Errors > 0:
		return result, fmt.Errorf("%s, %s: %d operations and %d errors, the first: %w",
			r.name, r.operation, result.Operations, result.Errors, result.FirstError)
	}
	return result, nil
}
