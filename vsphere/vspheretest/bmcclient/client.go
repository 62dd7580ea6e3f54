package bmcclient

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// standardPort is where every BMC is for vCenter, whose UpdateIpmi has no room for
// another.
const standardPort = 623

// A Client speaks to BMCs. Its methods may be called from any goroutine.
type Client struct {
	// Port is where the BMCs listen, 0 for 623. A real vCenter knows no other; this
	// is for tests that may not have it.
	Port uint16
	// V15 has sessions of IPMI 1.5 with MD5 instead of 2.0 with cipher suite 3.
	V15 bool

	Timeout time.Duration // of one try; 0: a second
	Tries   int           // of one packet; 0: 4

	// Insist is how often it logs in and asks again, a second later, when a BMC is
	// too busy to power a host on. Whether a real vCenter does so is not known.
	Insist int
}

var _ vspheretest.BMCs = Client{}

// Check implements vspheretest.BMCs.
func (c Client) Check(ctx context.Context, bmc types.HostIpmiInfo) (mac string, fault types.BaseMethodFault) {
	s, fault := c.login(ctx, bmc)
	if fault != nil {
		return "", fault
	}
	defer s.end(ctx)
	channel, err := s.lanChannel(ctx)
	if err != nil {
		return "", &types.MissingBmcSupport{}
	}
	if fault := s.mayOperate(ctx, channel); fault != nil {
		return "", fault
	}
	observed, err := s.mac(ctx, channel)
	if err != nil {
		return "", &types.MissingBmcSupport{}
	}
	return observed.String(), nil
}

// PowerOn implements vspheretest.BMCs.
func (c Client) PowerOn(ctx context.Context, bmc types.HostIpmiInfo) error {
	for left := c.Insist; ; left-- {
		err := c.powerOn(ctx, bmc)
		if !errors.Is(err, ipmi.NodeBusy) || left == 0 {
			return err
		}
		pause := time.NewTimer(time.Second)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return ctx.Err()
		}
	}
}

func (c Client) powerOn(ctx context.Context, bmc types.HostIpmiInfo) error {
	s, fault := c.login(ctx, bmc)
	if fault != nil {
		return fmt.Errorf("log in: %T", fault)
	}
	defer s.end(ctx)
	if _, err := s.ask(ctx, ipmi.NetFnApp, cmdGetDeviceID); err != nil {
		return fmt.Errorf("get device ID: %w", err)
	}
	if _, err := s.ask(ctx, ipmi.NetFnChassis, cmdChassisControl, byte(ipmi.ChassisPowerUp)); err != nil {
		return fmt.Errorf("power on: %w", err)
	}
	return nil
}

// login pings the BMC, asks what sessions it has, and begins one as operator.
func (c Client) login(ctx context.Context, bmc types.HostIpmiInfo) (*session, types.BaseMethodFault) {
	console, err := c.dial(bmc.BmcIpAddress)
	if err != nil {
		return nil, &types.MissingBmcSupport{}
	}
	s, fault := c.begin(ctx, console, bmc)
	if fault != nil {
		_ = console.Close()
		return nil, fault
	}
	return &session{Session: s, console: console}, nil
}

func (c Client) dial(address string) (*remote.Console, error) {
	addr, err := netip.ParseAddr(address)
	if err != nil {
		return nil, err
	}
	port := c.Port
	if port == 0 {
		port = standardPort
	}
	console, err := remote.Dial(netip.AddrPortFrom(addr, port))
	if err != nil {
		return nil, err
	}
	if c.Timeout > 0 {
		console.Timeout = c.Timeout
	}
	if c.Tries > 0 {
		console.Tries = c.Tries
	}
	return console, nil
}

func (c Client) begin(ctx context.Context, console *remote.Console, bmc types.HostIpmiInfo) (*remote.Session, types.BaseMethodFault) {
	if err := console.Ping(ctx); err != nil {
		return nil, &types.MissingBmcSupport{}
	}
	if c.V15 {
		return begin15(ctx, console, bmc)
	}
	return begin20(ctx, console, bmc)
}

// A session is an active one, with a socket of its own.
type session struct {
	*remote.Session
	console *remote.Console
}

// end closes session and socket; a BMC that does not answer has closed it, too.
func (s *session) end(ctx context.Context) {
	_ = s.Close(ctx)
	_ = s.console.Close()
}

// ask sends a request. A completion code other than 00h is the error.
func (s *session) ask(ctx context.Context, fn ipmi.NetFn, cmd uint8, data ...byte) ([]byte, error) {
	r, err := s.Command(ctx, fn, cmd, data)
	if err == nil && r.Code != ipmi.Completed {
		err = r.Code
	}
	return r.Data, err
}

// lanChannel looks at one channel after the other for one that is a LAN.
func (s *session) lanChannel(ctx context.Context) (uint8, error) {
	for channel := uint8(0); channel <= ipmi.ChannelPresent; channel++ {
		data, err := s.ask(ctx, ipmi.NetFnApp, cmdGetChannelInfo, channel)
		if errors.As(err, new(ipmi.CompletionCode)) {
			continue // there is none of this number
		}
		if err != nil {
			return 0, err
		}
		if len(data) > 1 && ipmi.ChannelMedium(data[1]&0x7F) == ipmi.Medium8023LAN {
			return channel, nil
		}
	}
	return 0, errors.New("no channel is a LAN")
}

// mayOperate sees whether the channel can always be used, and by operators.
func (s *session) mayOperate(ctx context.Context, channel uint8) types.BaseMethodFault {
	for _, which := range []byte{storedAccess, activeAccess} {
		data, err := s.ask(ctx, ipmi.NetFnApp, cmdGetChannelAccess, channel, which)
		if err != nil || len(data) < 2 || ipmi.AccessMode(data[0]&0x07) != ipmi.AccessAlways {
			return &types.MissingBmcSupport{}
		}
		if ipmi.Privilege(data[1]&0x0F) < ipmi.Operator {
			return &types.InvalidBmcRole{}
		}
	}
	return nil
}

// mac reads LAN parameter 5; its first byte is the parameter's revision.
func (s *session) mac(ctx context.Context, channel uint8) (net.HardwareAddr, error) {
	data, err := s.ask(ctx, ipmi.NetFnTransport, cmdGetLANParameters, channel, byte(ipmi.LANMAC), 0, 0)
	if err != nil {
		return nil, err
	}
	if len(data) != 7 {
		return nil, ipmi.ErrShort
	}
	return net.HardwareAddr(data[1:]), nil
}
