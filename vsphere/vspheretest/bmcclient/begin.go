package bmcclient

import (
	"context"
	"errors"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
)

// Commands and what goes with them (appendix G).
const (
	cmdGetDeviceID      = 0x01
	cmdChassisControl   = 0x02
	cmdGetLANParameters = 0x02
	cmdGetAuthCaps      = 0x38
	cmdGetChannelAccess = 0x41
	cmdGetChannelInfo   = 0x42

	wantExtended = 0x80 // of Get Channel Authentication Capabilities
	storedAccess = 0x40 // of Get Channel Access
	activeAccess = 0x80

	suite3 ipmi.CipherSuiteID = 3
)

// capabilities reads the answer to Get Channel Authentication Capabilities.
func capabilities(r ipmi.Response, err error) (ipmi.AuthCapabilities, error) {
	if err != nil {
		return ipmi.AuthCapabilities{}, err
	}
	if r.Code != ipmi.Completed {
		return ipmi.AuthCapabilities{}, r.Code
	}
	return ipmi.ParseAuthCapabilities(r.Data)
}

// begin20 is everything in packets of IPMI 2.0, also what comes before a session.
func begin20(ctx context.Context, console *remote.Console, bmc types.HostIpmiInfo) (*remote.Session, types.BaseMethodFault) {
	caps, err := capabilities(console.Sessionless20(ctx, ipmi.NetFnApp, cmdGetAuthCaps, []byte{wantExtended | ipmi.ChannelPresent, byte(ipmi.Operator)}))
	if err != nil || !caps.V20 {
		return nil, &types.MissingBmcSupport{}
	}
	suite, err := ipmi.CipherSuiteByID(suite3)
	if err != nil {
		return nil, &types.MissingBmcSupport{}
	}
	s, err := console.Login(ctx, remote.Login{Suite: suite, User: bmc.Login, Password: bmc.Password, Privilege: ipmi.Operator, StayAtUser: true})
	if fault := refusal(err); fault != nil {
		return nil, fault
	}
	return s, operate(ctx, s)
}

// begin15 takes MD5, which the BMC has to offer to operators. Plain passwords, of
// which VMware's documents speak, too, are no use where they are off.
func begin15(ctx context.Context, console *remote.Console, bmc types.HostIpmiInfo) (*remote.Session, types.BaseMethodFault) {
	caps, err := capabilities(console.Sessionless15(ctx, ipmi.NetFnApp, cmdGetAuthCaps, []byte{ipmi.ChannelPresent, byte(ipmi.Operator)}))
	if err != nil || caps.AuthTypes&ipmi.AuthMD5.Bit() == 0 {
		return nil, &types.MissingBmcSupport{}
	}
	s, err := console.Login15(ctx, remote.Login15{Auth: ipmi.AuthMD5, User: bmc.Login, Password: bmc.Password, Privilege: ipmi.Operator, StayAtUser: true})
	if errors.Is(err, remote.ErrNoAnswer) { // which is how a wrong password ends
		return nil, &types.InvalidIpmiLoginInfo{}
	}
	if fault := refusal(err); fault != nil {
		return nil, fault
	}
	return s, operate(ctx, s)
}

// operate raises the session to operator.
func operate(ctx context.Context, s *remote.Session) types.BaseMethodFault {
	err := s.SetPrivilege(ctx, ipmi.Operator)
	switch {
	case err == nil:
		return nil
	case errors.As(err, new(ipmi.CompletionCode)):
		return &types.InvalidBmcRole{}
	default:
		return &types.MissingBmcSupport{}
	}
}

// refusal is the fault for why a session did not come about; nil for no error.
func refusal(err error) types.BaseMethodFault {
	var status *remote.StatusError
	var code ipmi.CompletionCode
	switch {
	case err == nil:
		return nil
	case errors.Is(err, remote.ErrPassword):
		return &types.InvalidIpmiLoginInfo{}
	case errors.As(err, &status):
		switch status.Status {
		case ipmi.StatusUnauthorizedName, ipmi.StatusInvalidNameLength:
			return &types.InvalidIpmiLoginInfo{}
		case ipmi.StatusUnauthorizedRole, ipmi.StatusInvalidRole:
			return &types.InvalidBmcRole{}
		}
	case errors.As(err, &code):
		if code == ipmi.ActivateExceedsLimit {
			return &types.InvalidBmcRole{}
		}
		return &types.InvalidIpmiLoginInfo{}
	}
	return &types.MissingBmcSupport{}
}
