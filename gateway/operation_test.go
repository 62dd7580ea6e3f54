package gateway

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// A job is a power action that ends when it is told to, and how often it ran.
type job struct {
	runs   int
	accept chan struct{} // closed: call accept
	end    chan error
}

func newJob() *job { return &job{accept: make(chan struct{}), end: make(chan error)} }

func (j *job) run(_ context.Context, accept func()) error {
	j.runs++
	select {
	case <-j.accept:
		accept()
	case err := <-j.end:
		return err
	}
	return <-j.end
}

// ask runs do with the patience of a client, in the background.
func ask(t *testing.T, o *operations, c ipmi.ChassisControl, j *job) <-chan error {
	t.Helper()
	answer := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		answer <- o.do(ctx, c, j.run)
	}()
	synctest.Wait()
	return answer
}

var errFault = errors.New("fault")

// operationTests are TestOperations's, by name.
var operationTests = map[string]func(t *testing.T, o *operations){
	"a repeat joins, and both hear the refusal": func(t *testing.T, o *operations) {
		j := newJob()
		first, second := ask(t, o, ipmi.ChassisPowerDown, j), ask(t, o, ipmi.ChassisPowerDown, j)
		j.end <- errFault
		if a, b := <-first, <-second; a != errFault || b != errFault || j.runs != 1 {
			t.Errorf("got %v and %v from %d runs", a, b, j.runs)
		}
	},
	"accepted is heard before the end": func(t *testing.T, o *operations) {
		j := newJob()
		answer := ask(t, o, ipmi.ChassisPowerCycle, j)
		close(j.accept)
		if err := <-answer; err != nil {
			t.Error(err)
		}
		j.end <- nil
	},
	"another action waits for the end": func(t *testing.T, o *operations) {
		cycle, off := newJob(), newJob()
		first := ask(t, o, ipmi.ChassisPowerCycle, cycle)
		second := ask(t, o, ipmi.ChassisPowerDown, off)
		if off.runs != 0 {
			t.Error("both ran at once")
		}
		cycle.end <- nil
		synctest.Wait()
		if off.runs != 1 {
			t.Error("it did not begin when the first ended")
		}
		off.end <- nil
		if a, b := <-first, <-second; a != nil || b != nil {
			t.Errorf("got %v and %v", a, b)
		}
	},
	"what could not begin in time never does": func(t *testing.T, o *operations) {
		cycle, off := newJob(), newJob()
		ask(t, o, ipmi.ChassisPowerCycle, cycle)
		second := ask(t, o, ipmi.ChassisPowerDown, off)
		if err := <-second; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		cycle.end <- nil
		synctest.Wait()
		if off.runs != 0 {
			t.Error("it began after its client had been sent away")
		}
	},
	"a repeat learns of what nobody heard, once": func(t *testing.T, o *operations) {
		j := newJob()
		if err := <-ask(t, o, ipmi.ChassisHardReset, j); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("got %v", err)
		}
		j.end <- nil
		synctest.Wait()
		if err := <-ask(t, o, ipmi.ChassisHardReset, j); err != nil || j.runs != 1 {
			t.Errorf("the repeat: %v, %d runs", err, j.runs)
		}
		again := ask(t, o, ipmi.ChassisHardReset, j)
		j.end <- nil
		if err := <-again; err != nil || j.runs != 2 {
			t.Errorf("a new reset: %v, %d runs", err, j.runs)
		}
	},
	"an unheard power-on answers while the VM is on": func(t *testing.T, o *operations) {
		j, on := newJob(), true
		o.isOn = func() bool { return on }
		<-ask(t, o, ipmi.ChassisPowerUp, j)
		j.end <- nil
		synctest.Wait()
		if err := <-ask(t, o, ipmi.ChassisPowerUp, j); err != nil || j.runs != 1 {
			t.Errorf("the repeat: %v, %d runs", err, j.runs)
		}
		<-ask(t, o, ipmi.ChassisPowerUp, j)
		j.end <- nil
		synctest.Wait()
		on = false
		again := ask(t, o, ipmi.ChassisPowerUp, j)
		j.end <- nil
		if err := <-again; err != nil || j.runs != 3 {
			t.Errorf("when it is off again: %v, %d runs", err, j.runs)
		}
	},
	"an unheard power-off is asked for again": func(t *testing.T, o *operations) {
		j := newJob()
		o.isOn = func() bool { return false }
		<-ask(t, o, ipmi.ChassisPowerDown, j)
		j.end <- nil
		synctest.Wait()
		again := ask(t, o, ipmi.ChassisPowerDown, j)
		j.end <- nil
		if err := <-again; err != nil || j.runs != 2 {
			t.Errorf("got %v, %d runs", err, j.runs)
		}
	},
	"an unheard refusal is tried again": func(t *testing.T, o *operations) {
		j := newJob()
		<-ask(t, o, ipmi.ChassisHardReset, j)
		j.end <- errFault
		synctest.Wait()
		again := ask(t, o, ipmi.ChassisHardReset, j)
		j.end <- nil
		if err := <-again; err != nil || j.runs != 2 {
			t.Errorf("got %v, %d runs", err, j.runs)
		}
	},
	"another waits for what an earlier BMC has begun, and the same joins it": func(t *testing.T, next *operations) {
		o, others, cycle, off := newOperations(func(ipmi.ChassisControl, error) {}), newRetired(), newJob(), newJob()
		var vm inventory.Key
		next.earlier = func() []*operations { return others.of(vm) }
		first := ask(t, o, ipmi.ChassisPowerCycle, cycle)
		ended := others.add(vm, o)
		closed := make(chan struct{})
		go func() {
			o.close()
			ended()
			close(closed)
		}()
		second, repeat := ask(t, next, ipmi.ChassisPowerDown, off), ask(t, next, ipmi.ChassisPowerCycle, cycle)
		if off.runs != 0 || cycle.runs != 1 {
			t.Errorf("%d power offs amid %d cycles", off.runs, cycle.runs)
		}
		cycle.end <- nil
		synctest.Wait()
		if off.runs != 1 {
			t.Error("it did not begin when the cycle ended")
		}
		off.end <- nil
		if a, b, c := <-first, <-second, <-repeat; a != nil || b != nil || c != nil {
			t.Errorf("got %v, %v and %v", a, b, c)
		}
		if <-closed; len(others.of(vm)) != 0 {
			t.Error("they are not forgotten")
		}
	},
	"an action that vSphere was not asked for comes not between": func(t *testing.T, o *operations) {
		j, other := newJob(), newJob()
		<-ask(t, o, ipmi.ChassisHardReset, j)
		j.end <- nil
		synctest.Wait()
		refused := ask(t, o, ipmi.ChassisPowerUp, other)
		other.end <- untouched{errFault}
		if err := <-refused; err != errFault {
			t.Errorf("the other: %v", err)
		}
		if err := <-ask(t, o, ipmi.ChassisHardReset, j); err != nil || j.runs != 1 {
			t.Errorf("the repeat: %v, %d runs", err, j.runs)
		}
	},
	"one that it was asked for does": func(t *testing.T, o *operations) {
		j, other := newJob(), newJob()
		<-ask(t, o, ipmi.ChassisHardReset, j)
		j.end <- nil
		synctest.Wait()
		refused := ask(t, o, ipmi.ChassisPowerUp, other)
		other.end <- errFault
		<-refused
		again := ask(t, o, ipmi.ChassisHardReset, j)
		j.end <- nil
		if err := <-again; err != nil || j.runs != 2 {
			t.Errorf("got %v, %d runs", err, j.runs)
		}
	},
	"unheard for too long is forgotten": func(t *testing.T, o *operations) {
		j := newJob()
		<-ask(t, o, ipmi.ChassisHardReset, j)
		j.end <- nil
		time.Sleep(unheardFor) // of the bubble
		again := ask(t, o, ipmi.ChassisHardReset, j)
		j.end <- nil
		if err := <-again; err != nil || j.runs != 2 {
			t.Errorf("got %v, %d runs", err, j.runs)
		}
	},
}

func TestOperations(t *testing.T) {
	for name, test := range operationTests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOperations(func(ipmi.ChassisControl, error) {})
				test(t, o)
				o.close()
				if err := o.do(t.Context(), ipmi.ChassisPowerUp, newJob().run); !errors.Is(err, ipmi.NodeBusy) {
					t.Errorf("after close: %v", err)
				}
			})
		})
	}
}

func TestLateFailureIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var late error
		o := newOperations(func(_ ipmi.ChassisControl, err error) { late = err })
		j := newJob()
		answer := ask(t, o, ipmi.ChassisPowerCycle, j)
		close(j.accept)
		if err := <-answer; err != nil {
			t.Error(err)
		}
		j.end <- errFault
		o.close()
		if late != errFault {
			t.Errorf("got %v", late)
		}
	})
}

// An operation that does not end is cancelled, but not at once.
func TestCloseWaitsThenCancels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOperations(func(ipmi.ChassisControl, error) {})
		began := time.Now()
		go func() {
			_ = o.do(t.Context(), ipmi.ChassisPowerCycle, func(ctx context.Context, accept func()) error {
				accept()
				<-ctx.Done()
				return ctx.Err()
			})
		}()
		synctest.Wait()
		o.close()
		if took := time.Since(began); took != finishWithin {
			t.Errorf("cancelled after %s, want %s", took, finishWithin)
		}
	})
}

// A repeat of what failed after it was accepted is carried out, also when nobody
// had heard that it was accepted.
func TestLateFailureAnswersNoRepeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOperations(func(ipmi.ChassisControl, error) {})
		j := newJob()
		if err := <-ask(t, o, ipmi.ChassisPowerCycle, j); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		close(j.accept)
		j.end <- errFault
		synctest.Wait()
		again := ask(t, o, ipmi.ChassisPowerCycle, j)
		if err := <-again; err != nil || j.runs != 2 {
			t.Errorf("the repeat: %v after %d runs", err, j.runs)
		}
		j.end <- nil
		o.close()
	})
}

// A VM that is off for a while, and would stay so, is started before the end.
func TestCloseCutsPausesShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOperations(func(ipmi.ChassisControl, error) {})
		began := time.Now()
		var paused error
		_ = o.do(t.Context(), ipmi.ChassisPowerCycle, func(ctx context.Context, accept func()) error {
			accept()
			paused = o.pause(ctx, 5*time.Minute)
			return nil
		})
		o.close()
		if took := time.Since(began); took != 0 || paused != nil {
			t.Errorf("ended after %s with %v", took, paused)
		}
	})
}
