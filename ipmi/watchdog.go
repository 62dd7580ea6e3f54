package ipmi

import (
	"encoding/binary"
	"fmt"
)

// A WatchdogUse says who watches the system with the timer (section 27.6).
type WatchdogUse uint8

// The timer uses; the others are reserved.
const (
	WatchdogFRB2   WatchdogUse = 1
	WatchdogPOST   WatchdogUse = 2
	WatchdogOSLoad WatchdogUse = 3
	WatchdogOS     WatchdogUse = 4
	WatchdogOEM    WatchdogUse = 5
)

// A WatchdogAction is what the timer does to the system when it expires (section 27.6).
type WatchdogAction uint8

// The timeout actions; the others are reserved.
const (
	WatchdogNoAction   WatchdogAction = 0
	WatchdogHardReset  WatchdogAction = 1
	WatchdogPowerDown  WatchdogAction = 2
	WatchdogPowerCycle WatchdogAction = 3
)

// String returns the words ipmitool has for the action.
func (a WatchdogAction) String() string {
	switch a {
	case WatchdogNoAction:
		return "no action"
	case WatchdogHardReset:
		return "hard reset"
	case WatchdogPowerDown:
		return "power down"
	case WatchdogPowerCycle:
		return "power cycle"
	default:
		return fmt.Sprintf("watchdog action %d", uint8(a))
	}
}

// A WatchdogInterrupt is what warns the system before the timer expires (section 27.6).
type WatchdogInterrupt uint8

// The pre-timeout interrupts; the others are reserved.
const (
	WatchdogNoInterrupt WatchdogInterrupt = 0
	WatchdogSMI         WatchdogInterrupt = 1
	WatchdogNMI         WatchdogInterrupt = 2
	WatchdogMessaging   WatchdogInterrupt = 3
)

const (
	watchdogRequestSize = 6
	watchdogAnswerSize  = 8

	watchdogNoLog     = 0x80
	watchdogNotStop   = 0x40 // in Set
	watchdogRunning   = 0x40 // in Get, at the same place
	watchdogUseMask   = 0x07
	watchdogFlagsMask = 0x3E
)

// WatchdogTicks are how many units of the countdown make a second (section 27.6).
const WatchdogTicks = 10

// A WatchdogTimer is what Set Watchdog Timer configures (section 27.6):
//
//	[0] bit 7 do not log, bit 6 do not stop, bits 2:0 use  [1] bits 6:4 interrupt, bits 2:0 action
//	[2] pre-timeout interval  [3] expiration flags to clear  [4:6] initial countdown
type WatchdogTimer struct {
	NoLog      bool
	Use        WatchdogUse
	Interrupt  WatchdogInterrupt
	Action     WatchdogAction
	PreTimeout uint8  // seconds before the end
	Initial    uint16 // in tenths of a second
}

// A SetWatchdogRequest is the request of Set Watchdog Timer (section 27.6).
type SetWatchdogRequest struct {
	WatchdogTimer
	KeepRunning bool  // a timer that runs goes on, with the new values
	Clear       uint8 // expiration flags to clear: bit 1 FRB2 to bit 5 OEM
}

// ParseSetWatchdogRequest reads the request. The error is a CompletionCode:
// InvalidField for a reserved use, action or interrupt.
func ParseSetWatchdogRequest(data []byte) (SetWatchdogRequest, error) {
	if len(data) != watchdogRequestSize {
		return SetWatchdogRequest{}, InvalidLength
	}
	r := SetWatchdogRequest{
		WatchdogTimer: parseWatchdogTimer(data),
		KeepRunning:   data[0]&watchdogNotStop != 0,
		Clear:         data[3] & watchdogFlagsMask,
	}
	if r.Use < WatchdogFRB2 || r.Use > WatchdogOEM || r.Action > WatchdogPowerCycle || r.Interrupt > WatchdogMessaging {
		return SetWatchdogRequest{}, InvalidField
	}
	return r, nil
}

func parseWatchdogTimer(b []byte) WatchdogTimer {
	return WatchdogTimer{
		NoLog:      b[0]&watchdogNoLog != 0,
		Use:        WatchdogUse(b[0] & watchdogUseMask),
		Interrupt:  WatchdogInterrupt(b[1] >> 4 & 7),
		Action:     WatchdogAction(b[1] & 7),
		PreTimeout: b[2],
		Initial:    binary.LittleEndian.Uint16(b[4:]),
	}
}

// AppendSetWatchdogRequest appends the six bytes of the request, for consoles.
func AppendSetWatchdogRequest(dst []byte, r SetWatchdogRequest) []byte {
	dst = append(dst, flag(r.NoLog, watchdogNoLog)|flag(r.KeepRunning, watchdogNotStop)|byte(r.Use)&watchdogUseMask,
		byte(r.Interrupt&7)<<4|byte(r.Action&7), r.PreTimeout, r.Clear&watchdogFlagsMask)
	return binary.LittleEndian.AppendUint16(dst, r.Initial)
}

// A Watchdog is the answer to Get Watchdog Timer (section 27.7):
//
//	[0:6] as in Set Watchdog Timer, with bit 6 of [0] running and [3] the expiration flags
//	[6:8] present countdown
type Watchdog struct {
	WatchdogTimer
	Running bool
	Expired uint8  // expiration flags: bit 1 FRB2 to bit 5 OEM
	Present uint16 // in tenths of a second
}

// AppendWatchdog appends the eight bytes after the completion code.
func AppendWatchdog(dst []byte, w Watchdog) []byte {
	dst = AppendSetWatchdogRequest(dst, SetWatchdogRequest{
		WatchdogTimer: w.WatchdogTimer, KeepRunning: w.Running, Clear: w.Expired,
	})
	return binary.LittleEndian.AppendUint16(dst, w.Present)
}

// ParseWatchdog reads the data after the completion code.
func ParseWatchdog(b []byte) (Watchdog, error) {
	if len(b) < watchdogAnswerSize {
		return Watchdog{}, ErrShort
	}
	return Watchdog{
		WatchdogTimer: parseWatchdogTimer(b),
		Running:       b[0]&watchdogRunning != 0,
		Expired:       b[3] & watchdogFlagsMask,
		Present:       binary.LittleEndian.Uint16(b[6:]),
	}, nil
}
