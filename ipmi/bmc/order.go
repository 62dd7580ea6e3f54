package bmc

import "github.com/bmc-gateway/bmc-gateway/ipmi"

// inOrder guards a handler that changes something in the BMC's own memory. A
// copy that comes before the console's next command is harmless: it sets the
// same again. One that the network has held back could undo what came later. What is
// held is guarded by holdFor, which knows the copies of what still runs.
func inOrder(answer handler) handler {
	return func(c *call, dst []byte) ([]byte, error) {
		if c.overtaken() {
			return nil, ipmi.NodeBusy
		}
		return answer(c, dst)
	}
}

// overtaken says that the console has sent something else after this packet, so
// that it waits for no answer any more.
func (c *call) overtaken() bool { return c.sequence != c.s.inbound.highest }

// changed tells of a change that needed no Machine.
func (c *call) changed(what string) {
	c.b.config.Events.Changed(Audit{Account: c.s.who.name, Session: c.s.id, From: c.from, Command: what})
}

// ownedByConfig is the answer to a request to set what the configuration owns: what is
// so already is success, for clients write back whole sections; anything else
// cannot be done here.
func ownedByConfig(dst []byte, same bool) ([]byte, error) {
	if !same {
		return nil, ipmi.NotInPresentState
	}
	return dst, nil
}
