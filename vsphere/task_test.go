package vsphere

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
	"github.com/vmware/govmomi/vim25/types"
)

var someTask = types.ManagedObjectReference{Type: "Task", Value: "task-1"}

// A fault that is known when the caller's time is up is not an acceptance.
func TestTaskFaultWithTheLastSecond(t *testing.T) {
	fault := errors.New("disk is locked")
	for range 200 {
		ctx, cancel := context.WithCancel(t.Context())
		o := &taskObserver{crew: new(crew), running: true}
		done := make(chan error, 1)
		go func() {
			ended, err := o.wait(ctx, someTask)
			if !ended {
				err = errors.New("taken for running")
			}
			done <- err
		}()
		for known := false; !known; {
			o.mu.Lock()
			if task, ok := o.waiting[someTask.Value]; ok {
				known = true
				cancel()
				task.end <- ending{err: fault}
				delete(o.waiting, someTask.Value)
			}
			o.mu.Unlock()
		}
		cancel()
		if err := <-done; !errors.Is(err, fault) {
			t.Fatalf("err = %v, want the task's fault", err)
		}
	}
}

// Nobody waits, without a deadline of his own, for what nobody will tell.
func TestTaskNobodyKnows(t *testing.T) {
	t.Run("not running", func(t *testing.T) {
		o := &taskObserver{crew: new(crew)}
		if ended, err := o.wait(t.Context(), someTask); ended || err != nil {
			t.Errorf("ended %v, err %v, want neither", ended, err)
		}
	})
	t.Run("forgotten by vCenter", func(t *testing.T) {
		l := newLab(t, 1).ready()
		l.Inject(vspheretest.Fault{Method: "RetrievePropertiesEx", Fault: &types.ManagedObjectNotFound{Obj: someTask}, Times: 1})
		if ended, err := l.v.tasks.wait(t.Context(), someTask); ended || err != nil {
			t.Errorf("ended %v, err %v, want neither", ended, err)
		}
	})
	t.Run("Run is over", func(t *testing.T) {
		l := newLab(t, 1)
		v, err := New(l.config())
		must(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- v.Run(ctx) }()
		l.v = v
		l.sees("lab-01", PoweredOn)
		l.Inject(vspheretest.Fault{Method: "ReconfigVM_Task", InTask: true, Delay: time.Minute})
		result := make(chan error, 1)
		key := l.key("lab-01")
		go func() { result <- v.SetBootDevice(context.WithoutCancel(t.Context()), key, BootNetwork) }()
		l.eventually("the task is watched", func() error {
			v.tasks.mu.Lock()
			defer v.tasks.mu.Unlock()
			if !v.tasks.running {
				return errors.New("not yet")
			}
			return nil
		})
		cancel()
		must(t, <-done)
		if err := <-result; !errors.Is(err, ErrFailed) {
			t.Errorf("err = %v, want ErrFailed", err)
		}
	})
}
