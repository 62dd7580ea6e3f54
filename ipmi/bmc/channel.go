package bmc

import "github.com/bmc-gateway/bmc-gateway/ipmi"

// checkChannel accepts the only channel there is, under both of its numbers.
// Channel 0 in particular must not exist: OpenIPMI would scan an IPMB behind it.
func checkChannel(channel uint8) error {
	if channel != ipmi.ChannelLAN && channel != ipmi.ChannelPresent {
		return ipmi.InvalidField
	}
	return nil
}

// getAuthCapabilities tells how to log in at a level. When there are no sessions
// of IPMI 1.5, clients that try those first need this answer to change to 2.0 at once.
func getAuthCapabilities(c *call, dst []byte) ([]byte, error) {
	channel, extended, level, err := ipmi.ParseAuthCapabilitiesRequest(c.data())
	if err != nil {
		return nil, err
	}
	if err := checkChannel(channel); err != nil {
		return nil, err
	}
	return ipmi.AppendAuthCapabilities(dst, ipmi.AuthCapabilities{
		Channel:      ipmi.ChannelLAN,
		AuthTypes:    c.b.config.authTypesAt(level),
		Extended:     extended,
		KgSet:        c.b.config.Kg != "",
		NonNullUsers: true,
		V20:          true,
		V15:          c.b.config.V15 != V15Off,
	}), nil
}

func getCipherSuites(c *call, dst []byte) ([]byte, error) {
	r, err := ipmi.ParseCipherSuitesRequest(c.data())
	if err != nil {
		return nil, err
	}
	if err := checkChannel(r.Channel); err != nil {
		return nil, err
	}
	if r.PayloadType != ipmi.PayloadIPMI {
		return nil, ipmi.ParameterUnsupported
	}
	records := c.b.algorithms
	if r.BySuite {
		records = c.b.records
	}
	return ipmi.AppendCipherSuitePage(append(dst, ipmi.ChannelLAN), records, r.Index), nil
}

func getChannelInfo(c *call, dst []byte) ([]byte, error) {
	channel, err := ipmi.ParseChannelInfoRequest(c.data())
	if err != nil {
		return nil, err
	}
	if err := checkChannel(channel); err != nil {
		return nil, err
	}
	c.b.sweepSessions(c.now)
	return ipmi.AppendChannelInfo(dst, ipmi.ChannelInfo{
		Channel:        ipmi.ChannelLAN,
		Medium:         ipmi.Medium8023LAN,
		Protocol:       ipmi.ProtocolIPMB,
		SessionSupport: ipmi.MultiSession,
		ActiveSessions: uint8(len(c.b.sessions)),
	}), nil
}

func getChannelAccess(c *call, dst []byte) ([]byte, error) {
	channel, _, err := ipmi.ParseChannelAccessRequest(c.data())
	if err != nil {
		return nil, err
	}
	if err := checkChannel(channel); err != nil {
		return nil, err
	}
	return ipmi.AppendChannelAccess(dst, c.b.config.channelAccess()), nil
}

// channelAccess is the same for the stored and the active settings: it does not change.
func (c *Config) channelAccess() ipmi.ChannelAccess {
	return ipmi.ChannelAccess{NoAlerting: true, Mode: ipmi.AccessAlways, Limit: c.ChannelLimit}
}
