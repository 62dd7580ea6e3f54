package probe

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
)

const (
	cmdGetDeviceID      = 0x01
	cmdGetChassisStatus = 0x01
	cmdGetAuthCaps      = 0x38

	presentChannel = 0x0E
	wantExtended   = 0x80
)

// A Target is a BMC and, for the steps that need one, who logs in to it.
type Target struct {
	Address   netip.AddrPort
	User      string // empty: no login
	Password  string
	Kg        string
	Privilege ipmi.Privilege
	Suite     ipmi.CipherSuiteID
	Timeout   time.Duration // of one try
	Tries     int
}

// A Step is one exchange with the BMC.
type Step struct {
	Name string
	Took time.Duration
	Text string // what was answered, in words
	Err  error  // nil: as it should be
}

// Run takes the steps in order and stops at the first that fails; that is the last one.
func Run(ctx context.Context, t Target) []Step {
	c, err := remote.Dial(t.Address)
	if err != nil {
		return []Step{{Name: "socket", Err: err}}
	}
	defer c.Close()
	c.Timeout, c.Tries = t.Timeout, t.Tries
	r := &run{ctx: ctx, console: c, target: t}
	r.take("presence ping", r.ping)
	r.take("authentication capabilities", r.capabilities)
	if t.User == "" {
		return r.steps
	}
	r.take("log in", r.login)
	if r.session != nil {
		r.take("device ID", r.deviceID)
		r.take("chassis status", r.chassisStatus)
		r.take("close session", r.close)
	}
	return r.steps
}

// Failed returns the error of the last step, with its name.
func Failed(steps []Step) error {
	for _, s := range steps {
		if s.Err != nil {
			return fmt.Errorf("%s: %w", s.Name, s.Err)
		}
	}
	return nil
}

type run struct {
	ctx     context.Context
	console *remote.Console
	target  Target
	session *remote.Session
	steps   []Step
	failed  bool
}

func (r *run) take(name string, do func() (string, error)) {
	if r.failed {
		return
	}
	began := time.Now()
	text, err := do()
	r.steps = append(r.steps, Step{Name: name, Took: time.Since(began), Text: text, Err: inWords(err, r.target.Tries)})
	r.failed = err != nil
}

func (r *run) ping() (string, error) {
	return "pong, IPMI is supported", r.console.Ping(r.ctx)
}

func (r *run) capabilities() (string, error) {
	res, err := r.console.Sessionless15(r.ctx, ipmi.NetFnApp, cmdGetAuthCaps,
		[]byte{wantExtended | presentChannel, byte(max(r.target.Privilege, ipmi.User))})
	if err := answered(res, err); err != nil {
		return "", err
	}
	caps, err := ipmi.ParseAuthCapabilities(res.Data)
	if err != nil {
		return "", err
	}
	text := "IPMI 2.0"
	if !caps.V20 {
		return "", errors.New("the BMC does not speak IPMI 2.0")
	}
	if caps.V15 {
		text += " and 1.5"
	}
	if caps.KgSet {
		text += ", logins need Kg"
	}
	return text, nil
}

func (r *run) login() (string, error) {
	suite, err := ipmi.CipherSuiteByID(r.target.Suite)
	if err != nil {
		return "", err
	}
	session, err := r.console.Login(r.ctx, remote.Login{
		Suite: suite, User: r.target.User, Password: r.target.Password, Kg: []byte(r.target.Kg), Privilege: r.target.Privilege,
	})
	switch {
	case errors.Is(err, remote.ErrPassword):
		return "", errors.New("the password is wrong, or nobody has this name")
	case errors.Is(err, remote.ErrICV):
		return "", errors.New("the BMC has another Kg")
	case err != nil && session != nil:
		_ = session.Close(r.ctx) // it is open, without the privilege that was asked for; what failed is told
		if code := ipmi.CompletionCode(0); errors.As(err, &code) {
			return "", &toldError{statusWords[ipmi.StatusUnauthorizedRole], err}
		}
		return "", err
	case err != nil:
		return "", err
	}
	r.session = session
	return fmt.Sprintf("as %s (%s) with cipher suite %d", r.target.User, r.target.Privilege, r.target.Suite), nil
}

func (r *run) deviceID() (string, error) {
	res, err := r.session.Command(r.ctx, ipmi.NetFnApp, cmdGetDeviceID, nil)
	if err := answered(res, err); err != nil {
		return "", err
	}
	id, err := ipmi.ParseDeviceID(res.Data)
	return fmt.Sprintf("firmware %d.%02d, manufacturer %d", id.FirmwareMajor, id.FirmwareMinor, id.Manufacturer), err
}

func (r *run) chassisStatus() (string, error) {
	res, err := r.session.Command(r.ctx, ipmi.NetFnChassis, cmdGetChassisStatus, nil)
	if err := answered(res, err); err != nil {
		return "", err
	}
	s, err := ipmi.ParseChassisStatus(res.Data)
	if s.On {
		return "power is on", err
	}
	return "power is off", err
}

func (r *run) close() (string, error) { return "", r.session.Close(r.ctx) }

// answered makes a completion code that is not 00h an error.
func answered(res ipmi.Response, err error) error {
	if err == nil && res.Code != ipmi.Completed {
		return res.Code
	}
	return err
}
