//go:build linux

package main

import (
	"context"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi/remote/load"
)

// The servers are this program, started again: also when it is the test's.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-") {
		main()
		return
	}
	os.Exit(m.Run())
}

// Every server starts, tells its address, does what is measured without an error,
// and ends when it is told.
func TestSubjects(t *testing.T) {
	tests := []struct {
		server string
		row    row
	}{
		{serveEcho, row{operation: load.Echo}},
		{serveGoEcho, row{operation: load.Echo}},
		{serveBMC, row{operation: load.Command, suite: 17}},
		{serveBMC, row{operation: load.Session, suite: 3}},
		{servePair, row{operation: load.Command, suite: 17}},
	}
	for _, tt := range tests {
		t.Run(tt.server+" "+string(tt.row.operation), func(t *testing.T) {
			s, err := startSelf(t.Context(), tt.server)
			if err != nil {
				t.Fatal(err)
			}
			r := tt.row
			r.name, r.server = tt.server, s
			result, err := measure(t.Context(), &r, 400*time.Millisecond, 2)
			if err != nil || result.Operations == 0 {
				t.Errorf("%+v, error %v", result, err)
			}
			s.stop()
			if _, err := os.Stat("/proc/" + strconv.Itoa(s.pid)); err == nil {
				t.Error("it is still there")
			}
		})
	}
}

// A flood at one of a pair goes on until it is stopped, and the other one answers.
func TestFlood(t *testing.T) {
	pair, err := startSelf(t.Context(), servePair)
	if err != nil {
		t.Fatal(err)
	}
	defer pair.stop()
	flood, err := startSelf(t.Context(), sendFlood, flooded(pair.addr).String())
	if err != nil {
		t.Fatal(err)
	}
	defer flood.stop()
	r := row{name: "beside a flood", server: pair, operation: load.Command, suite: 17}
	if err := sampleOnce(t.Context(), &r, plan{duration: 500 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	if r.samples[0].Operations == 0 {
		t.Errorf("nothing is answered: %+v", r.samples[0])
	}
}

func TestUnknownServer(t *testing.T) {
	if s, err := startSelf(context.Background(), "serve-nothing"); err == nil {
		s.stop()
		t.Error("it has started")
	}
}

func TestTable(t *testing.T) {
	of := func(perSecond, toEcho float64, cpu time.Duration) sample {
		return sample{Result: load.Result{PerSecond: perSecond, ServerCPU: cpu, P50: 20 * time.Microsecond, P99: time.Millisecond}, toEcho: toEcho}
	}
	floor := &row{name: "echo", operation: load.Echo, samples: []sample{of(100, 1, 5*time.Microsecond), of(300, 1, 5*time.Microsecond)}}
	session := &row{name: "bmc", operation: load.Session, suite: 17,
		samples: []sample{of(10, 0.5, 70*time.Microsecond), of(1000, 0.7, 70*time.Microsecond), of(20, 0.9, 70*time.Microsecond)}}
	var b strings.Builder
	printTable(&b, plan{rounds: 3, concurrency: 4}, floor, []*row{session})
	var got []string
	for line := range strings.Lines(b.String()) {
		got = append(got, strings.Join(strings.Fields(line), " "))
	}
	// The medians of two and of three; a session is seven round trips of echo's 5 µs.
	for i, want := range map[int]string{3: "echo - echo 200 20 1000 5.0 1.00 1.00", 4: "bmc 17 session 20 20 1000 70.0 0.70 2.00"} {
		if len(got) <= i || got[i] != want {
			t.Errorf("line %d of\n%s\nwant %s", i, strings.Join(got, "\n"), want)
		}
	}
}
