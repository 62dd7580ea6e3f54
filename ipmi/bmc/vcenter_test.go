package bmc

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A countingReader makes random numbers 01h, 02h, 03h and so on, at each call.
type countingReader struct{}

func (countingReader) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(i + 1)
	}
	return len(p), nil
}

// A step is a packet and its answer.
type step struct {
	name            string
	request, answer []byte
}

// recording reads a file of testdata.
func recording(t *testing.T, file string) (steps []step) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var current step
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		kind, rest, _ := strings.Cut(lines.Text(), " ")
		switch kind {
		case "#":
			current.name = rest
		case ">":
			current.request = unhex(t, rest)
		case "<":
			current.answer = unhex(t, rest)
			steps = append(steps, current)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return steps
}

// TestVCenter replays what vCenter asks when a host's BMC is registered and when
// it powers the host on. Every byte of every answer is compared: the wrapper of
// IPMI 2.0 around Get Channel Authentication Capabilities, the channel that is
// always available, the MAC address.
func TestVCenter(t *testing.T) {
	for _, tt := range []struct {
		file  string
		v15   V15
		steps int
	}{
		{"testdata/vcenter-2.0.txt", V15Off, 20},
		{"testdata/vcenter-1.5.txt", V15MD5, 18},
	} {
		t.Run(tt.file, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := serve(t, func(c *Config) { c.Rand, c.V15 = countingReader{}, tt.v15 })
				c := r.console(t)
				steps := recording(t, tt.file)
				if len(steps) != tt.steps {
					t.Errorf("%d steps, want %d", len(steps), tt.steps)
				}
				for _, s := range steps {
					got, err := c.Exchange(t.Context(), s.request)
					if err != nil {
						t.Fatalf("%s: %v", s.name, err)
					}
					if diff := cmp.Diff(hex.EncodeToString(s.answer), hex.EncodeToString(got)); diff != "" {
						t.Fatalf("%s (-want +got):\n%s", s.name, diff)
					}
					if strings.Contains(s.name, "Close Session") {
						time.Sleep(rememberFor) // the host is powered on later than its BMC was registered
					}
				}
				if diff := cmp.Diff([]string{"on"}, r.machine.carriedOut()); diff != "" {
					t.Errorf("carried out (-want +got):\n%s", diff)
				}
				if left := r.bmc.Sessions(); len(left) != 0 {
					t.Errorf("sessions are left: %+v", left)
				}
			})
		})
	}
}
