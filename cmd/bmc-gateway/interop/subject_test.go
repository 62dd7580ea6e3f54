package interop

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
)

// A still is a Machine that does at once what it is told.
type still struct {
	mu    sync.Mutex
	power bmc.PowerState
	boot  ipmi.BootFlags
}

func (s *still) Power() (bmc.PowerState, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.power, nil
}

func (s *still) Control(_ context.Context, c ipmi.ChassisControl) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch c {
	case ipmi.ChassisPowerDown, ipmi.ChassisSoftOff:
		s.power = bmc.Off
	default:
		s.power = bmc.On
	}
	return nil
}

func (s *still) Boot() ipmi.BootFlags {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.boot
}

func (s *still) SetBoot(_ context.Context, f ipmi.BootFlags, _ time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.boot = f
	return nil
}

// newSubject returns the BMC of the recorded conversations. Everything that it
// could say differently another time is fixed, its random numbers too. The
// function it returns names the last command it answered.
func newSubject(t *testing.T) (*bmc.BMC, func() string) {
	t.Helper()
	guid, err := ipmi.GUID("8063b57d-0619-4ef5-a0d7-30e2445c8154")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	last := "nothing"
	config := bmc.Config{
		Accounts: labAccounts,
		Suites:   subjectSuites(t),
		GUID:     guid,
		LAN: bmc.LAN{
			Address: netip.MustParseAddr("127.0.0.1"), PrefixLength: 8, MAC: [6]byte{2, 0, 0, 0, 0, 1}, Port: standardPort,
		},
		Firmware:          [2]uint8{1, 23},
		MaxSessions:       8,
		BootFlagsValidFor: time.Minute,
		Rand:              rand.NewChaCha8([32]byte([]byte("the subject's own random numbers"))),
		Events: bmc.Events{
			Request: func(command string, code ipmi.CompletionCode, _ time.Duration) {
				mu.Lock()
				defer mu.Unlock()
				last = command + ": " + code.String()
			},
			Panicked: func(v any, stack []byte) { t.Errorf("panic: %v\n%s", v, stack) },
		},
	}
	equip(t, &config)
	b, err := bmc.New(config, &still{power: bmc.On})
	if err != nil {
		t.Fatal(err)
	}
	return b, func() string {
		mu.Lock()
		defer mu.Unlock()
		return last
	}
}

func subjectSuites(t *testing.T) []ipmi.CipherSuite {
	t.Helper()
	var suites []ipmi.CipherSuite
	for _, id := range []ipmi.CipherSuiteID{17, 3} {
		s, err := ipmi.CipherSuiteByID(id)
		if err != nil {
			t.Fatal(err)
		}
		suites = append(suites, s)
	}
	return suites
}

// equip gives the subject instruments.
func equip(t *testing.T, c *bmc.Config) {}
