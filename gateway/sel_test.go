package gateway

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

const (
	cmdSELInfo  = 0x40
	cmdSELEntry = 0x43
	cmdReserve  = 0x42
	cmdClearSEL = 0x47
)

// eventLogOf reads the event log as a client does, each entry as the sensor's
// number and the first data byte.
func eventLogOf(t *testing.T, s *remote.Session) (entries []string) {
	t.Helper()
	if binary.LittleEndian.Uint16(command(t, s, ipmi.NetFnStorage, cmdSELInfo)[1:]) == 0 {
		return nil
	}
	for id := uint16(0); id != 0xFFFF; {
		data := command(t, s, ipmi.NetFnStorage, cmdSELEntry, 0, 0, byte(id), byte(id>>8), 0, 0xFF)
		id = binary.LittleEndian.Uint16(data)
		r := ipmi.SELRecord(data[2:])
		e, ok := r.Event()
		if !ok || time.Since(time.Unix(int64(r.Time()), 0)) > time.Minute {
			t.Errorf("record % x", r)
		}
		entries = append(entries, fmt.Sprintf("%02x/%02x", e.Sensor, e.Data[0]))
	}
	return entries
}

func wantLog(t *testing.T, s *remote.Session, want ...string) {
	t.Helper()
	eventually(t, "event log", func() error {
		if got := eventLogOf(t, s); !slices.Equal(got, want) {
			return fmt.Errorf("got %q, want %q", got, want)
		}
		return nil
	})
}

// listening waits until the gateway has asked vCenter for events.
func (l *lab) listening(t *testing.T, calls func() map[string]int) {
	t.Helper()
	eventually(t, "events are read", func() error {
		if calls()["ReadNextEvents"] == 0 {
			return errors.New("not yet")
		}
		return nil
	})
}

// Every event of vCenter is in the log once: while the gateway runs, after it was
// away, and after it was away and had no BMC at first.
func TestEventsToLogAcrossRestarts(t *testing.T) {
	vc, l, b, s := oneVM(t)
	l.listening(t, vc.Calls)
	power := func(to types.VirtualMachinePowerState) {
		t.Helper()
		if err := vc.SetPower(vm, to); err != nil {
			t.Fatal(err)
		}
	}
	const on, off, suspended, restarted = "01/00", "01/05", "01/04", "0b/06"
	power(types.VirtualMachinePowerStatePoweredOff)
	wantLog(t, s, off)
	power(types.VirtualMachinePowerStatePoweredOn)
	wantLog(t, s, off, on)
	l.stop()
	power(types.VirtualMachinePowerStateSuspended)
	power(types.VirtualMachinePowerStatePoweredOn)
	vc.ResetCalls()
	l.start(t)
	s = login(t, l.ready(t, vm))
	wantLog(t, s, off, on, suspended, on)

	l.stop()
	busy, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(b.Address, b.Port)))
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close() // until then the VM waits for its BMC
	if err := vc.Post(vm, func(e types.VmEvent) types.BaseEvent { return &types.VmGuestRebootEvent{VmEvent: e} }); err != nil {
		t.Fatal(err)
	}
	vc.ResetCalls()
	l.start(t)
	l.listening(t, vc.Calls)
	busy.Close()
	s = login(t, l.ready(t, vm))
	wantLog(t, s, off, on, suspended, on, restarted)

	// A log that was cleared stays so.
	reservation := command(t, s, ipmi.NetFnStorage, cmdReserve)
	command(t, s, ipmi.NetFnStorage, cmdClearSEL, reservation[0], reservation[1], 'C', 'L', 'R', 0xAA)
	const cleared = "e3/02"
	wantLog(t, s, cleared)
	l.stop()
	vc.ResetCalls()
	l.start(t)
	s = login(t, l.ready(t, vm))
	l.listening(t, vc.Calls)
	power(types.VirtualMachinePowerStatePoweredOff)
	wantLog(t, s, cleared, off)
}

// A log without its BMC has as much room as with it.
func TestLogHasRoomForAsManyWithoutBMC(t *testing.T) {
	_, _, _, s := oneVM(t)
	info := command(t, s, ipmi.NetFnStorage, cmdSELInfo)
	entries, free := binary.LittleEndian.Uint16(info[1:]), binary.LittleEndian.Uint16(info[3:])
	if got := int(entries) + int(free)/16; got != selCapacity {
		t.Errorf("the BMC has room for %d entries, without it there is room for %d", got, selCapacity)
	}
}

// Our own command and what came of it.
func TestOwnCommandInLog(t *testing.T) {
	vc, l, _, s := oneVM(t)
	l.listening(t, vc.Calls)
	if code := control(t, s, ipmi.ChassisHardReset); code != ipmi.Completed {
		t.Fatal(code)
	}
	eventually(t, "both entries", func() error {
		got := eventLogOf(t, s)
		slices.Sort(got)
		if want := []string{"0b/01", "e1/f7"}; !slices.Equal(got, want) {
			return fmt.Errorf("got %q, want %q", got, want)
		}
		return nil
	})
}

// Every kind of event has an entry, whose sensor is one of the BMC's and can have
// that state.
func TestEverySELEventHasItsSensor(t *testing.T) {
	sensors := vmSensors()
	for kind := vsphere.EventPoweredOn; kind <= vsphere.EventQuestion; kind++ {
		e, ok := selEvent(kind)
		if !ok {
			t.Errorf("%s has no entry", kind)
			continue
		}
		i := slices.IndexFunc(sensors, func(s bmc.Sensor) bool { return s.Number == e.Sensor })
		if i < 0 || sensors[i].Type != e.SensorType || sensors[i].Reading != e.Type || sensors[i].Events&(1<<(e.Data[0]&0x0F)) == 0 {
			t.Errorf("%s: no sensor has the event %+v", kind, e)
		}
	}
	if _, ok := selEvent(0); ok {
		t.Error("no event has an entry")
	}
}

// Power-on hours go on where they were, and a cycle interval that a client set stays.
func TestLedgerSurvivesRestart(t *testing.T) {
	vc := simulator(t, vspheretest.Config{Name: "vc-a", VMs: 1})
	booted := time.Now().Add(-90 * time.Minute)
	if err := vc.Edit(vm, func(vm *mo.VirtualMachine) { vm.Runtime.BootTime = &booted }); err != nil {
		t.Fatal(err)
	}
	l, _, s := labWith(t, vc)
	poh := func(s *remote.Session) uint32 {
		data := command(t, s, ipmi.NetFnChassis, cmdPOH)
		return binary.LittleEndian.Uint32(data[1:]) * uint32(data[0])
	}
	eventually(t, "90 minutes", func() error {
		if got := poh(s); got < 90 || got > 92 {
			return fmt.Errorf("%d minutes", got)
		}
		return nil
	})
	command(t, s, ipmi.NetFnChassis, cmdCycleInterval, 0)
	if err := vc.SetPower(vm, types.VirtualMachinePowerStatePoweredOff); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, s, "off")
	l.stop()
	l.start(t)
	s = login(t, l.ready(t, vm))
	if got := poh(s); got < 90 || got > 92 {
		t.Errorf("%d minutes after a restart, want 90", got)
	}
	key := l.gw.served()[0].serving()[0].Key
	if got := l.gw.served()[0].ledger.cycleTime(key, time.Hour); got != 0 {
		t.Errorf("a power cycle leaves it off for %s, want 0", got)
	}
}

// TestSELEventBytes: what the first byte of an event says of the other two is so.
func TestSELEventBytes(t *testing.T) {
	for kind, row := range selEvents {
		for i, meaning := range []byte{row.data[0] >> 6, row.data[0] >> 4 & 3} {
			if says := row.data[1+i] != noMore; says != (meaning != 0) {
				t.Errorf("%v: %x: byte %d says something: %v", kind, row.data, i+2, says)
			}
		}
	}
}
