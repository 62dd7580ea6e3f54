package load

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
)

// An Operation is what is done over and over.
type Operation string

// The operations.
const (
	// Echo sends EchoSize bytes and wants them back.
	Echo Operation = "echo"
	// Command is Get Chassis Status in a session that stays.
	Command Operation = "command"
	// Session is the whole life of a poll: Get Channel Authentication
	// Capabilities, Open Session, RAKP messages 1 and 3, Set Session Privilege
	// Level, Get Chassis Status and Close Session, seven round trips.
	Session Operation = "session"
)

// EchoSize is the size of a Get Chassis Status under suite 3, and of its answer.
const EchoSize = 64

const (
	cmdAuthCapabilities = 0x38
	cmdChassisStatus    = 0x01
	ipmi20Records       = 0x80 // in the channel byte of Get Channel Authentication Capabilities
	thisChannel         = 0x0E
)

// A worker has one operation outstanding at a time, on a socket of its own.
type worker struct {
	console *remote.Console
	login   remote.Login
	session *remote.Session // of Command
	packet  [EchoSize]byte  // of Echo
	number  uint64
}

func newWorker(c Config) (*worker, error) {
	conn, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(c.Target))
	if err != nil {
		return nil, err
	}
	w := &worker{console: remote.New(connected{conn}, c.Target), login: c.Login}
	if c.Tries > 0 {
		w.console.Tries = c.Tries
	}
	return w, nil
}

// A connected socket sends to its server alone, for which the kernel has the
// route already: the generator is to cost little beside the server.
type connected struct{ *net.UDPConn }

// WriteToUDPAddrPort sends to the server, whatever the address.
func (c connected) WriteToUDPAddrPort(b []byte, _ netip.AddrPort) (int, error) { return c.Write(b) }

// prepare does what comes before the first operation. It returns the operation,
// and what undoes the preparation.
func (w *worker) prepare(ctx context.Context, o Operation) (do func(context.Context) error, undo func(context.Context) error, err error) {
	nothing := func(context.Context) error { return nil }
	switch o {
	case Echo:
		return w.echo, nothing, nil
	case Session:
		return w.wholeSession, nothing, nil
	case Command:
		if w.session, err = w.console.Login(ctx, w.login); err != nil {
			return nil, nil, err
		}
		return func(ctx context.Context) error { return chassisStatus(ctx, w.session) }, w.session.Close, nil
	default:
		return nil, nil, fmt.Errorf("load: no operation %q", o)
	}
}

func (w *worker) echo(ctx context.Context) error {
	w.number++
	binary.BigEndian.PutUint64(w.packet[:], w.number)
	if err := w.console.Send(w.packet[:]); err != nil {
		return err
	}
	got, err := w.console.Receive(ctx)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, w.packet[:]) {
		return errors.New("load: the echo is another packet")
	}
	return nil
}

func (w *worker) wholeSession(ctx context.Context) error {
	r, err := w.console.Sessionless15(ctx, ipmi.NetFnApp, cmdAuthCapabilities, []byte{ipmi20Records | thisChannel, byte(w.login.Privilege)})
	switch {
	case err != nil:
		return err
	case r.Code != ipmi.Completed:
		return r.Code
	}
	s, err := w.console.Login(ctx, w.login)
	if err != nil {
		return err
	}
	if err := chassisStatus(ctx, s); err != nil {
		return err
	}
	return s.Close(ctx)
}

func chassisStatus(ctx context.Context, s *remote.Session) error {
	r, err := s.Command(ctx, ipmi.NetFnChassis, cmdChassisStatus, nil)
	switch {
	case err != nil:
		return err
	case r.Code != ipmi.Completed:
		return r.Code
	case len(r.Data) < 3:
		return fmt.Errorf("load: Get Chassis Status has %d bytes, want 3 or more", len(r.Data))
	}
	return nil
}
