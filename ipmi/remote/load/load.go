package load

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
)

// A Config says whom to ask, what and for how long.
type Config struct {
	Target      netip.AddrPort // IPv4
	Operation   Operation
	Login       remote.Login  // of Command and Session
	Tries       int           // of each packet; 0: the console's four
	Concurrency int           // workers, each with a socket and one operation outstanding
	Warm        time.Duration // not counted
	Duration    time.Duration // counted
	PID         int           // the server's process; 0: its CPU time is not measured
}

// A Result is what came of it. Times are of whole operations.
type Result struct {
	Operations uint64 // that succeeded
	Errors     uint64
	FirstError error
	PerSecond  float64
	P50, P99   time.Duration
	ServerCPU  time.Duration // of the server's process, per operation; 0 without Config.PID
}

// The phases of a run, in this order.
const (
	warming int32 = iota
	counting
	over
)

// A tally is what one worker has counted.
type tally struct {
	latencies latencies
	errors    uint64
	first     error
}

// Run keeps Config.Concurrency operations outstanding, a closed loop. The error
// says why it could not begin, or that ctx has ended; operations that fail later
// are counted, and a worker begins the next one.
func Run(ctx context.Context, c Config) (Result, error) {
	if c.Concurrency < 1 || c.Duration <= 0 {
		return Result{}, errors.New("load: nothing to do")
	}
	workers, finish, err := prepared(ctx, c)
	defer finish()
	if err != nil {
		return Result{}, fmt.Errorf("load: %w", err)
	}
	var phase atomic.Int32
	if c.Warm == 0 {
		phase.Store(counting) // from the first operation on, not from when this goroutine is next on
	}
	var running sync.WaitGroup
	tallies := make([]tally, len(workers))
	for i, do := range workers {
		running.Go(func() { tallies[i].loop(&phase, do) })
	}
	took, cpu, err := measured(ctx, c, &phase)
	phase.Store(over)
	running.Wait()
	if err != nil {
		return Result{}, fmt.Errorf("load: %w", err)
	}
	return summed(tallies, took, cpu), nil
}

// prepared returns each worker's operation. finish must be called in any case.
func prepared(ctx context.Context, c Config) (workers []func(context.Context) error, finish func(), err error) {
	var undo []func()
	finish = func() {
		for _, f := range undo {
			f()
		}
	}
	for range c.Concurrency {
		w, err := newWorker(c)
		if err != nil {
			return nil, finish, err
		}
		undo = append(undo, func() { _ = w.console.Close() })
		do, end, err := w.prepare(ctx, c.Operation)
		if err != nil {
			return nil, finish, err
		}
		last := len(undo) - 1
		closing := undo[last]
		// A session that cannot be closed ends by itself.
		undo[last] = func() { _ = end(ctx); closing() }
		workers = append(workers, do)
	}
	return workers, finish, nil
}

// measured lets the workers warm up and count, and returns how long they counted
// and what the server spent meanwhile.
func measured(ctx context.Context, c Config, phase *atomic.Int32) (took, cpu time.Duration, err error) {
	if err := pause(ctx, c.Warm); err != nil {
		return 0, 0, err
	}
	before, err := spent(c.PID)
	if err != nil {
		return 0, 0, err
	}
	start := time.Now()
	phase.Store(counting)
	err = pause(ctx, c.Duration)
	took = time.Since(start)
	phase.Store(over)
	if err != nil {
		return 0, 0, err
	}
	after, err := spent(c.PID)
	return took, after - before, err
}

func spent(pid int) (time.Duration, error) {
	if pid == 0 {
		return 0, nil
	}
	return cpuTime(pid)
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// loop runs one worker until the run is over. An operation counts if it began
// while operations were counted.
func (t *tally) loop(phase *atomic.Int32, do func(context.Context) error) {
	// An operation ends by itself, after the console's last try; a context that
	// can end would cost the generator more than the packet.
	ctx := context.Background()
	for {
		now := phase.Load()
		if now == over {
			return
		}
		start := time.Now()
		err := do(ctx)
		switch {
		case now != counting:
		case err == nil:
			t.latencies.add(time.Since(start))
		default:
			t.errors++
			if t.first == nil {
				t.first = err
			}
		}
	}
}

func summed(tallies []tally, took, cpu time.Duration) Result {
	var r Result
	var all latencies
	for i := range tallies {
		t := &tallies[i]
		all.merge(&t.latencies)
		r.Errors += t.errors
		if r.FirstError == nil {
			r.FirstError = t.first
		}
	}
	r.Operations = all.total
	r.PerSecond = float64(r.Operations) / took.Seconds()
	r.P50, r.P99 = all.quantile(0.5), all.quantile(0.99)
	if r.Operations > 0 {
		r.ServerCPU = cpu / time.Duration(r.Operations)
	}
	return r
}
