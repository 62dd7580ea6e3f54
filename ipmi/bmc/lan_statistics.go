package bmc

import "github.com/bmc-gateway/bmc-gateway/ipmi"

// traffic is counted since the BMC started, or since a client cleared it. The
// kernel drops what is wrong below UDP, and there is no proxy.
type traffic struct {
	received uint64 // datagrams
	rmcp     uint64 // of them with a valid RMCP header
	sent     uint64
}

func getLANStatistics(c *call, dst []byte) ([]byte, error) {
	channel, clears, err := ipmi.ParseLANStatisticsRequest(c.data())
	if err != nil {
		return nil, err
	}
	if err := checkChannel(channel); err != nil {
		return nil, err
	}
	n := c.b.traffic
	if clears {
		c.b.traffic = traffic{}
	}
	return ipmi.AppendLANStatistics(dst, ipmi.LANStatistics{
		IPReceived: n.received, IPSent: n.sent, UDPReceived: n.received, RMCPReceived: n.rmcp,
	}), nil
}
