package bmc

import (
	"bytes"
	"context"
	"encoding/hex"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// A machineWithHours also counts the minutes it was on.
type machineWithHours struct {
	*fakeMachine
	minutes uint32
}

func (m machineWithHours) PowerOnMinutes() uint32 { return m.minutes }

// R4: every read is answered at once, whatever vCenter does meanwhile, and a
// command that vCenter does not take is answered before the first client gives
// up: ipmitool repeats after a second or two, five times.
func TestR04AnswersAreInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		r.machine.acts(time.Hour, nil)
		c, other := r.console(t), login(t, r.console(t), admin)
		s := login(t, c, admin)
		send(t, c, s.Request(ipmi.NetFnChassis, cmdChassisControl, control(ipmi.ChassisHardReset)))
		synctest.Wait()
		begin := time.Now()
		for _, row := range Commands() {
			if row.Changes || row.NetFn == ipmi.NetFnApp && (row.Cmd == 0x3C || row.Cmd == 0x3A) {
				continue
			}
			if _, err := other.Command(t.Context(), row.NetFn, row.Cmd, nil); err != nil {
				t.Errorf("%s: %v", row.Name, err)
			}
		}
		if took := time.Since(begin); took != 0 {
			t.Errorf("the reads took %v", took)
		}
		c.Timeout = 5 * time.Second
		if got := result(t, c, s); got.Code != ipmi.NodeBusy || time.Since(begin) > 2*time.Second {
			t.Errorf("%v after %v, want C0h within 2 s", got.Code, time.Since(begin))
		}
	})
}

// R5: a fence agent starts the same disk elsewhere when it hears "off", so only
// a machine that vouches for it is off. Anything else is node busy, or on.
func TestR05NeverOffByGuess(t *testing.T) {
	for name, tt := range map[string]struct {
		power PowerState
		err   error
		code  ipmi.CompletionCode
		on    bool
	}{
		"on":                        {On, nil, ipmi.Completed, true},
		"off":                       {Off, nil, ipmi.Completed, false},
		"suspended":                 {Sleeping, nil, ipmi.Completed, true},
		"stale, was off":            {Off, ErrStale, ipmi.NodeBusy, false},
		"stale, was on":             {On, ErrStale, ipmi.NodeBusy, false},
		"unknown":                   {0, nil, ipmi.NodeBusy, false},
		"nobody answered in time":   {Off, context.DeadlineExceeded, ipmi.NodeBusy, false},
		"a state that is not known": {PowerState(99), nil, ipmi.NodeBusy, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := serve(t, nil)
				r.machine.set(func(m *fakeMachine) { m.power, m.powerErr = tt.power, tt.err })
				got := command(t, login(t, r.console(t), user), ipmi.NetFnChassis, cmdChassisStatus, nil, tt.code)
				if on := len(got.Data) > 0 && got.Data[0]&1 != 0; on != tt.on {
					t.Errorf("on: %v, want %v", on, tt.on)
				}
			})
		})
	}
}

// R15: the repository is never empty, its last record ends the walk, records are
// read whole or in parts alike, and its time stamps do not change at a restart:
// FreeIPMI would refuse to go on with the records it keeps.
func TestR15RepositoryStaysTheSame(t *testing.T) {
	walk := func(t *testing.T) (info []byte, records []string) {
		s := login(t, serve(t, instrumented(t)).console(t), user)
		info = command(t, s, ipmi.NetFnStorage, 0x20, nil, ipmi.Completed).Data
		reservation := command(t, s, ipmi.NetFnStorage, 0x22, nil, ipmi.Completed).Data
		for id := []byte{0, 0}; !bytes.Equal(id, []byte{0xFF, 0xFF}); {
			whole := command(t, s, ipmi.NetFnStorage, 0x23, append(append(bytes.Clone(reservation), id...), 0, 0xFF), ipmi.Completed).Data
			part := command(t, s, ipmi.NetFnStorage, 0x23, append(append(bytes.Clone(reservation), id...), 5, 4), ipmi.Completed).Data
			if !bytes.Equal(part[2:], whole[2+5:2+9]) {
				t.Errorf("record %x: bytes 5 to 8 are %x in parts and %x in one", id, part[2:], whole[2+5:2+9])
			}
			records = append(records, hex.EncodeToString(whole[2:]))
			id = bytes.Clone(whole[:2])
		}
		return info, records
	}
	var infos []string
	for _, after := range []time.Duration{0, 1000 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(after)
			info, records := walk(t)
			if len(records) < 2 {
				t.Errorf("%d records", len(records))
			}
			infos = append(infos, hex.EncodeToString(info))
		})
	}
	if infos[0] != infos[1] {
		t.Errorf("the repository is %s, after a restart %s", infos[0], infos[1])
	}
}

// R18: the counter counts minutes, one by one: FreeIPMI divides by the minutes
// for each count where it ought to multiply.
func TestR18POHCountsMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newBMC(t, nil)
		m := machineWithHours{r.machine, 90}
		b, err := New(testConfig(t), m)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := r.network.Listen(bmcAddr)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- b.Serve(ctx, conn) }()
		got := command(t, login(t, r.console(t), user), ipmi.NetFnChassis, 0x0F, nil, ipmi.Completed)
		if want := []byte{1, 90, 0, 0, 0}; !bytes.Equal(got.Data, want) {
			t.Errorf("got %x, want %x", got.Data, want)
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		_ = conn.Close()
	})
}

// R24: the manufacturer is VMware, 6876. Clients have habits of their own for
// Dell, Supermicro, HP, Intel, IBM and Kontron, and none for this one.
func TestR24Manufacturer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := command(t, login(t, serve(t, nil).console(t), user), ipmi.NetFnApp, cmdDeviceID, nil, ipmi.Completed)
		if id := got.Data[6:9]; !bytes.Equal(id, []byte{0xDC, 0x1A, 0x00}) {
			t.Errorf("manufacturer %x, want dc1a00", id)
		}
		if got.Data[1]&0x80 != 0 {
			t.Error("it claims to have device SDRs; ipmitool and ipmiutil would look for them")
		}
	})
}
