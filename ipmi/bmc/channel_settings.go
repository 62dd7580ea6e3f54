package bmc

import "github.com/bmc-gateway/bmc-gateway/ipmi"

// setChannelAccess changes nothing: the configuration owns the channel.
func setChannelAccess(c *call, dst []byte) ([]byte, error) {
	r, err := ipmi.ParseSetChannelAccessRequest(c.data())
	if err != nil {
		return nil, err
	}
	if err := checkChannel(r.Channel); err != nil {
		return nil, err
	}
	now := c.b.config.channelAccess()
	want := now
	if r.ChangeMode {
		want = r.Access
		want.Limit = now.Limit
	}
	if r.ChangeLimit {
		want.Limit = r.Access.Limit
	}
	return ownedByConfig(dst, want == now)
}

// setSecurityKeys neither shows nor takes a key: the configuration owns Kg, and
// no algorithm here uses Kr.
func setSecurityKeys(c *call, _ []byte) ([]byte, error) {
	channel, _, keyID, _, err := ipmi.ParseSecurityKeysRequest(c.data())
	if err != nil {
		return nil, err
	}
	if err := checkChannel(channel); err != nil {
		return nil, err
	}
	if keyID == ipmi.KeyIDKr {
		return nil, ipmi.KeyUnused
	}
	return nil, ipmi.KeyLocked
}
