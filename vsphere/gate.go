package vsphere

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/vmware/govmomi/vapi/rest"
	"github.com/vmware/govmomi/vim25/types"
	"golang.org/x/time/rate"
)

const (
	answeredCap   = time.Minute      // longest wait after a login that vCenter answered with an error
	unansweredCap = 15 * time.Second // longest wait after one that it did not answer: trying costs vCenter nothing
	maxRefusals   = 2                // wrong passwords in a row; SSO locks the account at 5 in 180 s
	refusedWait   = 10 * time.Minute

	// Logins that succeed are limited too: a vCenter that ends sessions as soon as
	// they are open would otherwise have one for each verb and each tag look-up.
	loginBurst = 30
	loginEvery = 10 * time.Second
)

// A gate spaces the logins of all sessions of one vCenter: one at a time, with a
// growing wait after each failure. After two refused passwords it stays shut for
// ten minutes or until the password is another one, so that a rotated secret
// never locks the account. Sessions that do not last get a login each ten seconds.
type gate struct {
	turn  chan struct{} // capacity 1: held by the login that is under way
	spare *rate.Limiter // logins that may still be made

	mu       sync.Mutex
	failures int
	refusals int
	refused  [sha256.Size]byte // of the password that was refused last
	password bool              // it was shut by a refusal: another password opens it
	opens    time.Time
	cause    error
	logins   int
}

func newGate() *gate {
	return &gate{turn: make(chan struct{}, 1), spare: rate.NewLimiter(rate.Every(loginEvery), loginBurst)}
}

var errSessionsEnd = errors.New("vCenter ends sessions as soon as they are opened")

// A shutError is what a login gets that came too early.
type shutError struct {
	opens time.Time
	cause error
}

func (e *shutError) Error() string {
	return fmt.Sprintf("%v (next login in %v)", e.cause, max(0, time.Until(e.opens)).Round(time.Second))
}

func (e *shutError) Unwrap() error { return e.cause }

// attempt waits for its turn and logs in if the gate is open, or returns a
// *shutError without asking vCenter.
func (g *gate) attempt(ctx context.Context, password func() (string, error), login func(context.Context, string) error) error {
	select {
	case g.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-g.turn }()
	pw, err := password()
	if err != nil {
		err = fmt.Errorf("password: %w", err)
	}
	sum := sha256.Sum256([]byte(pw))
	if shut := g.shut(sum); shut != nil {
		return shut
	}
	if err == nil {
		err = login(ctx, pw)
	}
	if ctx.Err() == nil {
		g.record(sum, err)
	}
	return err
}

func (g *gate) shut(sum [sha256.Size]byte) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if time.Now().Before(g.opens) && (!g.password || g.refused == sum) {
		return &shutError{opens: g.opens, cause: g.cause}
	}
	if lacks := 1 - g.spare.Tokens(); lacks > 0 {
		g.cause, g.password = errSessionsEnd, false
		g.opens = time.Now().Add(time.Duration(lacks * float64(loginEvery)))
		return &shutError{opens: g.opens, cause: g.cause}
	}
	return nil
}

func (g *gate) record(sum [sha256.Size]byte, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err == nil {
		g.failures, g.refusals, g.opens, g.cause = 0, 0, time.Time{}, nil
		g.password = false
		g.logins++
		g.spare.Allow()
		return
	}
	g.failures++
	g.cause, g.password = err, isRefusal(err)
	limit := unansweredCap
	if answered(err) {
		limit = answeredCap
	}
	wait := backoff(g.failures, limit)
	if g.password {
		if g.refused != sum {
			g.refusals = 0
		}
		g.refusals, g.refused = g.refusals+1, sum
		if g.refusals >= maxRefusals {
			wait = refusedWait
		}
	}
	g.opens = time.Now().Add(wait)
}

func (g *gate) count() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.logins
}

// isRefusal reports whether err says that the user name or the password is wrong.
func isRefusal(err error) bool {
	_, invalid := faultOf(err).(types.BaseInvalidLogin)
	refused, _ := refusedToken(err)
	return invalid || refused || rest.IsStatusError(err, 401)
}

// backoff returns the wait after the nth failure in a row: a quarter of a
// second, then 1, 2, 4 … up to limit, give or take a tenth so that the sessions
// of many gateways do not come at once.
func backoff(n int, limit time.Duration) time.Duration {
	d := 250 * time.Millisecond
	if n > 1 {
		d = min(time.Second<<min(n-2, 10), limit)
	}
	return d*9/10 + rand.N(d/5)
}

// wait returns how long the gate stays shut.
func (g *gate) wait() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return time.Until(g.opens)
}
