package inventory

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

type sourceFunc func(context.Context) ([]VM, error)

func (f sourceFunc) List(ctx context.Context) ([]VM, error) { return f(ctx) }

// watching runs Watch in the bubble and returns when each question came, as the
// time since its start, once stop was called.
func watching(t *testing.T, hints <-chan struct{}, src Source, interval, resync time.Duration) (stop func() []time.Duration, errs *[]error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	start := time.Now()
	var asked []time.Duration
	errs = new([]error)
	done := make(chan error, 1)
	go func() {
		done <- Watch(ctx, src, hints, interval, resync, func(s Snapshot, err error) {
			asked = append(asked, s.At.Sub(start))
			*errs = append(*errs, err)
		})
	}()
	return func() []time.Duration {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Watch returned %v, want the context's error", err)
		}
		return asked
	}, errs
}

func TestWatch(t *testing.T) {
	const s = time.Second
	ok := sourceFunc(func(context.Context) ([]VM, error) { return []VM{vm("a", "1")}, nil })
	tests := []struct {
		name  string
		hints []time.Duration // when hints come
		until time.Duration
		want  []time.Duration // when the source is asked
	}{
		{"at once, then each resync", nil, 25 * s, []time.Duration{0, 10 * s, 20 * s}},
		{"a hint after the interval is answered at once", []time.Duration{5 * s}, 9 * s, []time.Duration{0, 5 * s}},
		{"a hint within the interval waits for its end", []time.Duration{s}, 9 * s, []time.Duration{0, 2 * s}},
		{"a storm of hints costs one question an interval", []time.Duration{s, s + s/2, 2*s + s/2, 3 * s}, 9 * s, []time.Duration{0, 2 * s, 4 * s}},
		{"the resync counts from the last question", []time.Duration{5 * s}, 16 * s, []time.Duration{0, 5 * s, 15 * s}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hints := make(chan struct{}, 1)
				start := time.Now()
				stop, _ := watching(t, hints, ok, 2*s, 10*s)
				for _, at := range tt.hints {
					time.Sleep(time.Until(start.Add(at)))
					select {
					case hints <- struct{}{}:
					default:
					}
				}
				time.Sleep(time.Until(start.Add(tt.until)))
				if d := cmp.Diff(tt.want, stop()); d != "" {
					t.Errorf("-want +got:\n%s", d)
				}
			})
		})
	}
}

func TestWatchHandsOnErrorsAndGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("vCenter unavailable")
		n := 0
		src := sourceFunc(func(context.Context) ([]VM, error) {
			if n++; n == 2 {
				return nil, broken
			}
			return nil, nil
		})
		stop, errs := watching(t, nil, src, time.Second, 10*time.Second)
		time.Sleep(25 * time.Second)
		stop()
		if d := cmp.Diff([]error{nil, broken, nil}, *errs, cmp.Comparer(errors.Is)); d != "" {
			t.Errorf("-want +got:\n%s", d)
		}
	})
}

func TestWatchSurvivesClosedHints(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hints := make(chan struct{})
		close(hints)
		src := sourceFunc(func(context.Context) ([]VM, error) { return nil, nil })
		stop, _ := watching(t, hints, src, time.Second, 10*time.Second)
		time.Sleep(15 * time.Second)
		if d := cmp.Diff([]time.Duration{0, 10 * time.Second}, stop()); d != "" {
			t.Errorf("-want +got:\n%s", d)
		}
	})
}

func TestWatchStopsDuringAQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := sourceFunc(func(ctx context.Context) ([]VM, error) { <-ctx.Done(); return nil, ctx.Err() })
		stop, errs := watching(t, nil, src, time.Second, time.Minute)
		time.Sleep(time.Second)
		stop()
		if len(*errs) != 0 {
			t.Errorf("told of %v, want silence once the context has ended", *errs)
		}
	})
}
