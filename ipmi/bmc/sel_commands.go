package bmc

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

const (
	selOperations = ipmi.OperationAllocation | ipmi.OperationReserve | ipmi.OperationDelete
	// clockTolerance is how far a client's clock may be off when it sets the
	// BMC's, which is the gateway's and cannot be set.
	clockTolerance = 5 * time.Second
)

// stamp is a time as the log's and the repository's information has it.
func stamp(t time.Time) uint32 {
	if t.IsZero() {
		return ipmi.NoTime
	}
	return seconds(t)
}

func getSELInfo(c *call, dst []byte) ([]byte, error) {
	if len(c.data()) != 0 {
		return nil, ipmi.InvalidLength
	}
	l := c.b.sel
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.state.Records)
	return ipmi.AppendSELInfo(dst, ipmi.SELInfo{
		Records:    uint16(n),
		Free:       uint16(selCapacity-n) * ipmi.SELRecordSize,
		Added:      stamp(l.state.Added),
		Erased:     stamp(l.state.Erased),
		Overflow:   l.state.Overflow,
		Operations: selOperations,
	}), nil
}

func getSELAllocation(c *call, dst []byte) ([]byte, error) {
	if len(c.data()) != 0 {
		return nil, ipmi.InvalidLength
	}
	l := c.b.sel
	l.mu.Lock()
	defer l.mu.Unlock()
	free := uint16(selCapacity - len(l.state.Records))
	return ipmi.AppendAllocation(dst, ipmi.Allocation{
		Units: selCapacity, UnitSize: ipmi.SELRecordSize, Free: free, LargestFree: free, MaxRecord: 1,
	}), nil
}

func reserveSEL(c *call, dst []byte) ([]byte, error) {
	if len(c.data()) != 0 {
		return nil, ipmi.InvalidLength
	}
	l := c.b.sel
	l.mu.Lock()
	defer l.mu.Unlock()
	return binary.LittleEndian.AppendUint16(dst, l.reservation.next()), nil
}

// getSELEntry needs the reservation only for a part of a record that is not its
// beginning (section 31.5).
func getSELEntry(c *call, dst []byte) ([]byte, error) {
	r, err := ipmi.ParseRecordRequest(c.data())
	if err != nil {
		return nil, err
	}
	l := c.b.sel
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.Offset != 0 && !l.reservation.holds(r.Reservation) {
		return nil, ipmi.ReservationInvalid
	}
	i := l.find(r.ID)
	if i < 0 {
		return nil, ipmi.NotPresent
	}
	next := uint16(ipmi.SELEnd)
	if i+1 < len(l.state.Records) {
		next = l.state.Records[i+1].ID()
	}
	return r.AppendRecord(dst, next, l.state.Records[i][:])
}

// addSELEntry stores a client's record under an ID and a time of the BMC's own.
func addSELEntry(c *call, dst []byte) ([]byte, error) {
	record, err := ipmi.ParseAddSELRequest(c.data())
	if err != nil {
		return nil, err
	}
	return c.addRecord("Add SEL Entry", dst, record, true)
}

// addRecord holds a command that adds a record; the ID it gets is the answer if wanted.
func (c *call) addRecord(what string, dst []byte, record ipmi.SELRecord, tell bool) ([]byte, error) {
	l, now := c.b.sel, c.now
	return c.holdFor(fmt.Sprintf("%s %x", what, record[2:]), dst, func(context.Context) ([]byte, error) {
		id, err := l.add(record, now)
		switch {
		case errors.Is(err, ErrLogFull):
			return nil, fmt.Errorf("%w: %w", err, ipmi.OutOfSpace)
		case err != nil || !tell:
			return nil, err
		}
		return binary.LittleEndian.AppendUint16(nil, id), nil
	})
}

func deleteSELEntry(c *call, dst []byte) ([]byte, error) {
	reserved, id, err := ipmi.ParseDeleteSELRequest(c.data())
	if err != nil {
		return nil, err
	}
	l, now := c.b.sel, c.now
	return c.holdFor(fmt.Sprintf("Delete SEL Entry %d", id), dst, func(context.Context) ([]byte, error) {
		deleted, err := l.remove(reserved, id, now)
		if err != nil {
			return nil, err
		}
		return binary.LittleEndian.AppendUint16(nil, deleted), nil
	})
}

// clearSEL erases the log while the client waits, so that the erasure is always
// complete when it asks how far it is.
func clearSEL(c *call, dst []byte) ([]byte, error) {
	reserved, start, err := ipmi.ParseClearSELRequest(c.data())
	if err != nil {
		return nil, err
	}
	if !start {
		return append(dst, ipmi.ErasureCompleted), nil
	}
	b, now := c.b, c.now
	return c.holdFor("Clear SEL", dst, func(context.Context) ([]byte, error) {
		if err := b.sel.clear(reserved, now); err != nil {
			return nil, err
		}
		b.noteCleared()
		return []byte{ipmi.ErasureCompleted}, nil
	})
}

// platformEvent takes an event from a client, whose address is its generator.
func platformEvent(c *call, dst []byte) ([]byte, error) {
	sender := uint16(c.message.Requester) | uint16(ipmi.ChannelLAN<<4|c.message.RequesterLUN)<<8
	event, err := ipmi.ParsePlatformEvent(c.data(), sender)
	if err != nil {
		return nil, err
	}
	return c.addRecord("Platform Event", dst, event.Record(0, 0), false)
}

// getSELTime tells UTC, of the event log as of the SDR repository: there is one clock.
func getSELTime(c *call, dst []byte) ([]byte, error) {
	if len(c.data()) != 0 {
		return nil, ipmi.InvalidLength
	}
	return binary.LittleEndian.AppendUint32(dst, seconds(c.now)), nil
}

// setSELTime accepts the time that it is anyway.
func setSELTime(c *call, dst []byte) ([]byte, error) {
	at, err := ipmi.ParseTimeRequest(c.data())
	if err != nil {
		return nil, err
	}
	if off := time.Unix(int64(at), 0).Sub(c.now); off.Abs() > clockTolerance {
		return nil, ipmi.NotInPresentState
	}
	return dst, nil
}

func getSELTimeUTCOffset(c *call, dst []byte) ([]byte, error) {
	if len(c.data()) != 0 {
		return nil, ipmi.InvalidLength
	}
	return append(dst, 0, 0), nil
}

// setSELTimeUTCOffset accepts that the clock is UTC.
func setSELTimeUTCOffset(c *call, dst []byte) ([]byte, error) {
	minutes, err := ipmi.ParseUTCOffsetRequest(c.data())
	if err != nil {
		return nil, err
	}
	if minutes != 0 {
		return nil, ipmi.NotInPresentState
	}
	return dst, nil
}
