package vsphere

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"sync"
	"time"

	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
	"golang.org/x/time/rate"
)

// A session is a SOAP session that is opened again when it is lost. However many
// calls find it lost, one logs in and all use that login.
type session struct {
	kind      string
	cfg       Config
	transport http.RoundTripper
	gate      *gate
	crew      *crew
	link      *link         // told how its calls fare; nil: nobody is
	limit     *rate.Limiter // of calls that are no commands; nil: none
	slots     chan struct{} // of the same, under way at a time; nil: any number

	mu     sync.Mutex
	conn   *conn   // nil: not logged in
	flight *flight // nil: nobody is logging in
}

// A flight is one login under way; done closes when it has landed.
type flight struct {
	done chan struct{}
	conn *conn
	err  error
}

// acquire returns the live session, logging in first if there is none. The login
// goes on when ctx ends: the next caller will want it.
func (s *session) acquire(ctx context.Context) (*conn, error) {
	s.mu.Lock()
	if s.conn != nil {
		defer s.mu.Unlock()
		return s.conn, nil
	}
	f := s.flight
	if f == nil {
		f = &flight{done: make(chan struct{})}
		if !s.crew.launch(func(run context.Context) { s.open(run, f) }) {
			s.mu.Unlock()
			return nil, errNotRunning
		}
		s.flight = f
	}
	s.mu.Unlock()
	select {
	case <-f.done:
		return f.conn, f.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *session) open(ctx context.Context, f *flight) {
	f.err = s.gate.attempt(ctx, s.cfg.Password, func(ctx context.Context, password string) error {
		warnInsecure(s.cfg, s.kind)
		var err error
		f.conn, err = openConn(ctx, s.cfg, s.transport, s.kind, password)
		return err
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flight = nil
	if f.err == nil {
		s.conn = f.conn
	}
	close(f.done)
}

// warnInsecure says, each time the password is about to be sent, that nobody knows
// to whom.
func warnInsecure(cfg Config, kind string) {
	if cfg.Insecure {
		cfg.Log.Warn("certificate of vCenter is not checked", "vcenter", cfg.Name, "session", kind)
	}
}

// expire forgets c, unless somebody has logged in again since.
func (s *session) expire(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn == c {
		s.conn = nil
	}
}

// on returns the round tripper for calls on objects of one vCenter, by its
// instance UUID. Object ids name other objects in another, and after a move of
// the address or a restore a login may well end up there.
func (s *session) on(vcenter string) soap.RoundTripper { return bound{session: s, vcenter: vcenter} }

type bound struct {
	session *session
	vcenter string
	ticket  *ticket // of a command; nil: any other call
}

// sending is on for the one call of a command whose turn has come.
func (s *session) sending(vcenter string, t *ticket) soap.RoundTripper { return bound{s, vcenter, t} }

func (b bound) RoundTrip(ctx context.Context, req, res soap.HasFault) error {
	if b.ticket != nil {
		return b.session.call(ctx, b.vcenter, b.ticket, req, res)
	}
	leave, err := b.session.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	return b.session.call(ctx, b.vcenter, nil, req, res)
}

// enter holds a call back that is no command: at the limited rate, and for a slot.
func (s *session) enter(ctx context.Context) (leave func(), err error) {
	if s.limit != nil {
		if err := s.limit.Wait(ctx); err != nil {
			return nil, limitError(ctx, err)
		}
	}
	if s.slots == nil {
		return func() {}, nil
	}
	select {
	case s.slots <- struct{}{}:
		return func() { <-s.slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// follow forgets a session with another vCenter than the one the watch is with now.
func (s *session) follow(vcenter string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != nil && s.conn.vcenter != vcenter {
		s.conn = nil
	}
}

// RoundTrip makes one call that names no object, whichever vCenter answers.
func (s *session) RoundTrip(ctx context.Context, req, res soap.HasFault) error {
	return s.on("").RoundTrip(ctx, req, res)
}

// call makes one call on the live session. When the session turns out to have
// expired it logs in and makes the call once more, if that is the same vCenter,
// which has not acted on the first.
func (s *session) call(ctx context.Context, vcenter string, t *ticket, req, res soap.HasFault) error {
	c, err := s.send(ctx, vcenter, t, req, res)
	if isExpired(err) && c != nil {
		clearBody(res)
		_, err = s.send(ctx, vcenter, t, req, res)
	}
	return err
}

// ready waits for a session for as long as the ticket's call may wait.
func (s *session) ready(ctx context.Context, t *ticket) (*conn, error) {
	ctx, disarm := t.arm(ctx)
	defer disarm()
	c, err := s.acquire(ctx)
	switch {
	case err == nil:
		return c, nil
	case errors.Is(context.Cause(ctx), errTooLate):
		return nil, fmt.Errorf("%w: %w", ErrBusy, errTooLate)
	default:
		return nil, loginError(ctx, err)
	}
}

// send makes a call once. One with a ticket is given up when there is no session or
// no connection to send it on in time. The conn is nil when there was no session.
func (s *session) send(ctx context.Context, vcenter string, t *ticket, req, res soap.HasFault) (*conn, error) {
	ctx, disarm := t.arm(ctx)
	defer disarm()
	c, err := s.acquire(ctx)
	switch {
	case err != nil:
		err, c = loginError(ctx, err), nil
	case vcenter != "" && vcenter != c.vcenter:
		return nil, fmt.Errorf("%w: %s is another vCenter now, %s", ErrUnavailable, s.cfg.URL.Host, c.vcenter)
	default:
		told := s.link
		if slowness(ctx) > 0 {
			told = nil
		}
		ended := told.begin(time.Now())
		err = c.RoundTrip(ctx, req, res)
		ended(ctx, err)
	}
	if isExpired(err) && c != nil {
		s.expire(c)
	}
	if err != nil && errors.Is(context.Cause(ctx), errTooLate) {
		err = fmt.Errorf("%w: %w", ErrBusy, errTooLate)
	}
	return c, err
}

// loginError is what a call gets that found no session: whatever vCenter says of
// the login, it has not been asked for what the call is about.
func loginError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("%w: login: %w", ErrUnavailable, err)
}

// clearBody zeroes a response body before it is decoded into again: the fault of
// the first try would survive the second.
func clearBody(res soap.HasFault) {
	reflect.ValueOf(res).Elem().SetZero()
}

func isExpired(err error) bool {
	_, expired := faultOf(err).(*types.NotAuthenticated)
	return expired
}

// close logs out. Nobody may use the session any more.
func (s *session) close(ctx context.Context) error {
	s.mu.Lock()
	c := s.conn
	s.conn = nil
	s.mu.Unlock()
	if c == nil {
		return nil
	}
	return c.logout(ctx)
}
