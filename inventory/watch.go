package inventory

import (
	"context"
	"time"
)

// A Source knows the VMs of one vCenter.
type Source interface {
	// List returns all VMs or an error, never a part of them: a partial answer
	// would look like VMs that are gone.
	List(context.Context) ([]VM, error)
}

// A Snapshot is one whole answer of a Source.
type Snapshot struct {
	VMs []VM
	At  time.Time // when the source was asked
}

// Watch asks src at once, again whenever hints says that something may have
// changed but at most once an interval, and each resync even without a hint. fn
// gets each answer or error, one at a time, in the caller's goroutine. Watch
// returns ctx's error when ctx ends; a nil or closed hints leaves the resync.
func Watch(ctx context.Context, src Source, hints <-chan struct{}, interval, resync time.Duration, fn func(Snapshot, error)) error {
	for {
		asked := time.Now()
		vms, err := src.List(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		fn(Snapshot{VMs: vms, At: asked}, err)
		if hints, err = next(ctx, hints, asked.Add(interval), asked.Add(resync)); err != nil {
			return err
		}
	}
}

// next waits for the time of the next question: the later of a hint and
// earliest, but no later than latest (unless earliest is).
func next(ctx context.Context, hints <-chan struct{}, earliest, latest time.Time) (<-chan struct{}, error) {
	due := time.NewTimer(time.Until(latest))
	defer due.Stop()
	for waiting := true; waiting; {
		select {
		case <-ctx.Done():
			return hints, ctx.Err()
		case <-due.C:
			waiting = false
		case _, open := <-hints:
			if waiting = !open; waiting {
				hints = nil
			}
		}
	}
	if err := pause(ctx, time.Until(earliest)); err != nil {
		return hints, err
	}
	// What was hinted during the pause is covered by the question that follows.
	select {
	case <-hints:
	default:
	}
	return hints, nil
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
