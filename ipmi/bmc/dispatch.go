package bmc

import (
	"context"
	"errors"
	"net/netip"
	"runtime/debug"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// A call is one request on its way through the dispatcher.
type call struct {
	b        *BMC
	s        *session // nil outside of a session
	row      *Command // nil: not in the table
	now      time.Time
	from     netip.AddrPort
	sequence uint32 // session sequence number of the packet
	message  ipmi.Message

	held   bool      // the answer comes later
	copied bool      // it is that of an earlier copy
	closes *session  // ends when the answer is on its way
	resets resetKind // the same for the BMC
}

func (c *call) data() []byte { return c.message.Data }

// operating is the privilege level the request is checked against.
func (c *call) operating() ipmi.Privilege {
	if c.s == nil {
		return ipmi.PrivilegeNone
	}
	return c.s.privilege
}

// dispatch decides the completion code and leaves the data that follows it in
// BMC.body. Privilege comes before parameters, and only for commands that exist
// (section 5.2 and appendix G).
func (c *call) dispatch() ipmi.CompletionCode {
	b := c.b
	b.body = b.body[:0]
	if !c.belongs() {
		c.row = nil
	}
	switch {
	case c.message.ResponderLUN != 0:
		return ipmi.InvalidForLUN
	case c.row == nil:
		b.body = appendGroup(b.body, c.message)
		return ipmi.InvalidCommand
	case c.row.Privilege > c.operating() && !c.row.Sessionless:
		b.body = appendGroup(b.body, c.message)
		return ipmi.InsufficientPrivilege
	case c.locked():
		return ipmi.NodeBusy
	}
	body, err := c.run()
	if err != nil {
		b.body = appendGroup(b.body[:0], c.message)
		var with refusal
		if errors.As(err, &with) {
			b.body = append(b.body, with.data...)
		}
		return completionCode(err)
	}
	b.body = body
	return ipmi.Completed
}

// A refusal is a completion code that data follow all the same.
type refusal struct {
	ipmi.CompletionCode
	data []byte
}

// Unwrap gives the code.
func (r refusal) Unwrap() error { return r.CompletionCode }

// belongs says whether the request is for the command in its row. The group
// extension's commands are told apart by the body code too, and only DCMI's are here.
func (c *call) belongs() bool {
	return c.message.NetFn != ipmi.NetFnGroup || len(c.data()) > 0 && c.data()[0] == ipmi.GroupDCMI
}

// run calls the handler. A panic in it is answered like any other error.
func (c *call) run() (body []byte, err error) {
	defer func() {
		if v := recover(); v != nil {
			c.b.config.Events.Panicked(v, debug.Stack())
			err = ipmi.Unspecified
		}
	}()
	return c.row.answer(c, c.b.body)
}

// completionCode is what the client is told of an error.
func completionCode(err error) ipmi.CompletionCode {
	var code ipmi.CompletionCode
	switch {
	case err == nil:
		return ipmi.Completed
	case errors.As(err, &code):
		return code
	case errors.Is(err, ErrStale), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return ipmi.NodeBusy // clients retry it
	default:
		return ipmi.Unspecified
	}
}

// appendGroup repeats the body code of a group extension, or the enterprise
// number of an OEM command, which are part of the response whatever its
// completion code is (section 5.1, network functions 2Ch to 2Fh).
func appendGroup(dst []byte, m ipmi.Message) []byte {
	switch {
	case m.NetFn == ipmi.NetFnGroup && len(m.Data) >= 1:
		return append(dst, m.Data[:1]...)
	case m.NetFn == ipmi.NetFnOEM && len(m.Data) >= 3:
		return append(dst, m.Data[:3]...)
	}
	return dst
}
