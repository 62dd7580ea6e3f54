package vsphere

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"
)

const (
	eventPeriod = 10 * time.Second       // between two looks for events
	eventSoon   = 250 * time.Millisecond // after the watch saw a power state change: the event follows it
	eventPage   = 100                    // events in one answer
	// eventRenew is how long a collector lives: it keeps all it has told.
	eventRenew = time.Hour
)

// An eventReader reads the events of a vCenter through one history collector and
// gives them to the sink. Its fields below link belong to the goroutine of run.
type eventReader struct {
	cfg     Config
	session *session
	mem     *memory
	link    *link

	conn    *conn // whose session holds the collector; nil: there is none
	ref     types.ManagedObjectReference
	broken  bool // a call on the collector failed
	created time.Time
	vcenter string
	mark    EventMark
	base    EventMark // the mark when the collector was made: it tells of each event once
}

// run looks for events each ten seconds, and soon after the watch has seen a
// power state change. While vCenter is gone it is quiet.
func (r *eventReader) run(ctx context.Context) {
	up, cancel := r.link.up.subscribe()
	defer cancel()
	power, end := r.mem.power.subscribe()
	defer end()
	for failures := 0; ctx.Err() == nil; {
		wait := eventPeriod
		if r.link.check() == nil && r.mem.knowsAll() {
			if err := r.look(ctx); err == nil {
				failures = 0
			} else if ctx.Err() == nil {
				failures++
				r.link.note(fmt.Errorf("events: %w", err))
				wait = backoff(failures, answeredCap)
			}
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-up:
		case <-power:
			pause(ctx, eventSoon)
		case <-timer.C:
		}
		timer.Stop()
	}
}

// look gives all events since the last look to the sink.
func (r *eventReader) look(ctx context.Context) error {
	if err := r.prepare(ctx); err != nil {
		return r.drop(err)
	}
	for {
		res, err := methods.ReadNextEvents(ctx, r.conn, &types.ReadNextEvents{This: r.ref, MaxCount: eventPage})
		if err != nil {
			return r.drop(err)
		}
		if len(res.Returnval) == 0 {
			return nil
		}
		if err := r.deliver(res.Returnval); err != nil {
			r.discard(ctx) // a collector cannot be asked for a page twice
			return err
		}
	}
}

// prepare makes the collector when there is none in the present session.
func (r *eventReader) prepare(ctx context.Context) error {
	c, err := r.session.acquire(ctx)
	if err != nil {
		return err
	}
	if c.content.EventManager == nil {
		return errors.New("this vCenter has no events")
	}
	if r.conn == c && !r.broken && time.Since(r.created) < eventRenew {
		return nil
	}
	if r.conn == c {
		r.discard(ctx)
	}
	if err := r.resume(ctx, c); err != nil {
		return err
	}
	since := r.mark.Time
	if r.mark.Key != 0 {
		since = since.Add(-eventLate)
	}
	res, err := methods.CreateCollectorForEvents(ctx, c, &types.CreateCollectorForEvents{
		This: *c.content.EventManager,
		Filter: types.EventFilterSpec{
			Time:        &types.EventFilterSpecByTime{BeginTime: &since},
			EventTypeId: slices.Sorted(maps.Keys(eventKinds)),
			MaxCount:    eventPage,
		},
	})
	if err != nil {
		return err
	}
	r.conn, r.ref, r.broken, r.created, r.base = c, res.Returnval, false, time.Now(), r.mark
	return nil
}

// resume finds out where to go on. A vCenter that is new begins with the present:
// what happened before is not for logs that did not exist.
func (r *eventReader) resume(ctx context.Context, c *conn) error {
	vcenter := c.vcenter
	if r.vcenter == vcenter {
		return nil
	}
	mark, known, err := r.cfg.Events.EventMark(vcenter)
	if err != nil {
		return err
	}
	if !known {
		now, err := methods.GetCurrentTime(ctx, c)
		if err != nil {
			return err
		}
		mark = EventMark{Time: now.UTC()}
		if err := r.cfg.Events.TakeEvents(vcenter, nil, mark); err != nil {
			return err
		}
	}
	r.vcenter, r.mark = vcenter, mark
	return nil
}

// deliver gives a page to the sink, less what it has.
func (r *eventReader) deliver(page []types.BaseEvent) error {
	// vCenter sorts by time, and an event that turned up late has a time before those
	// of lower keys.
	slices.SortStableFunc(page, func(a, b types.BaseEvent) int { return cmp.Compare(a.GetEvent().Key, b.GetEvent().Key) })
	var events []Event
	mark := r.mark
	for _, base := range page {
		e := base.GetEvent()
		at := EventMark{Key: e.Key, Time: e.CreatedTime.UTC()}
		if r.base.Covers(at) {
			continue
		}
		mark = mark.Next(at)
		kind := kindOf(base)
		if kind == 0 || e.Vm == nil {
			continue
		}
		if vm, known := r.mem.keyOf(e.Vm.Vm.Value); known {
			events = append(events, Event{Mark: at, VM: vm, Kind: kind, User: e.UserName, Text: e.FullFormattedMessage})
		}
	}
	if mark == r.mark {
		return nil
	}
	if err := r.cfg.Events.TakeEvents(r.vcenter, events, mark); err != nil {
		return err
	}
	r.mark = mark
	return nil
}

// drop has the collector made anew after a failed call: what was in the answer is
// gone. The next one begins at the mark, so nothing is lost.
func (r *eventReader) drop(err error) error {
	r.broken = true
	if isExpired(err) && r.conn != nil {
		r.session.expire(r.conn)
		r.conn = nil
	}
	return err
}

// discard gives the collector back: vCenter has 32 of them for everybody.
func (r *eventReader) discard(ctx context.Context) {
	if r.conn == nil {
		return
	}
	_, err := methods.DestroyCollector(ctx, r.conn, &types.DestroyCollector{This: r.ref})
	if err != nil {
		r.cfg.Log.Debug("event collector was not destroyed", "vcenter", r.cfg.Name, "error", err)
	}
	r.conn = nil
}

// eventName is the type of an event, as the filter names it.
func eventName(e types.BaseEvent) string { return reflect.TypeOf(e).Elem().Name() }
