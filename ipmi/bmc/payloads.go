package bmc

import "github.com/bmc-gateway/bmc-gateway/ipmi"

// payloadSupported says which payloads the channel has: IPMI messages and
// session set-up (section 13.27.3). Serial over LAN is not among them.
func payloadSupported(t ipmi.PayloadType) bool {
	return t == ipmi.PayloadIPMI || t >= ipmi.PayloadOpenSessionRequest && t <= ipmi.PayloadRAKP4
}

func getPayloadSupport(c *call, dst []byte) ([]byte, error) {
	channel, err := ipmi.ParseChannelInfoRequest(c.data())
	if err != nil {
		return nil, err
	}
	if err := checkChannel(channel); err != nil {
		return nil, err
	}
	return ipmi.AppendPayloadSupport(dst, ipmi.PayloadIPMI,
		ipmi.PayloadOpenSessionRequest, ipmi.PayloadOpenSessionResponse,
		ipmi.PayloadRAKP1, ipmi.PayloadRAKP2, ipmi.PayloadRAKP3, ipmi.PayloadRAKP4), nil
}

func getPayloadVersion(c *call, dst []byte) ([]byte, error) {
	channel, t, err := ipmi.ParsePayloadVersionRequest(c.data())
	if err != nil {
		return nil, err
	}
	if err := checkChannel(channel); err != nil {
		return nil, err
	}
	if !payloadSupported(t) {
		return nil, ipmi.PayloadTypeUnavailable
	}
	return ipmi.AppendPayloadVersion(dst), nil
}

// activatePayload and deactivatePayload know Serial over LAN by name only.
func activatePayload(c *call, _ []byte) ([]byte, error) {
	r, err := ipmi.ParsePayloadRequest(c.data())
	switch {
	case err != nil:
		return nil, err
	case r.Type != ipmi.PayloadSOL:
		return nil, ipmi.InvalidField
	}
	return nil, ipmi.PayloadDisabled
}

func getPayloadStatus(c *call, dst []byte) ([]byte, error) {
	t, err := ipmi.ParsePayloadStatusRequest(c.data())
	switch {
	case err != nil:
		return nil, err
	case t != ipmi.PayloadSOL:
		return nil, ipmi.InvalidField
	}
	return ipmi.AppendPayloadStatus(dst, 0, 0), nil
}

// getPayloadInstance says that no session has one.
func getPayloadInstance(c *call, dst []byte) ([]byte, error) {
	t, instance, err := ipmi.ParsePayloadInstanceRequest(c.data())
	switch {
	case err != nil:
		return nil, err
	case t != ipmi.PayloadSOL || instance == 0:
		return nil, ipmi.InvalidField
	}
	return ipmi.AppendPayloadInstance(dst, 0), nil
}

func getUserPayloadAccess(c *call, dst []byte) ([]byte, error) {
	r, err := ipmi.ParseUserRequest(c.data())
	if err != nil {
		return nil, err
	}
	if err := c.checkUser(r); err != nil {
		return nil, err
	}
	return ipmi.AppendPayloadAccess(dst, ipmi.PayloadAccess{}), nil
}

func setUserPayloadAccess(c *call, dst []byte) ([]byte, error) {
	r, err := ipmi.ParseSetPayloadAccessRequest(c.data())
	if err != nil {
		return nil, err
	}
	if err := c.checkUser(r.UserRequest); err != nil {
		return nil, err
	}
	return ownedByConfig(dst, r.Disable || r.Types == ipmi.PayloadAccess{})
}

func (c *call) checkUser(r ipmi.UserRequest) error {
	if err := checkChannel(r.Channel); err != nil {
		return err
	}
	_, _, err := c.b.account(r.UserID)
	return err
}

// setPayloadEncryption never suspends it. Every packet has an initialization
// vector of its own, so a new one is what the next packet has anyway.
func setPayloadEncryption(c *call, dst []byte) ([]byte, error) {
	t, operation, err := ipmi.ParsePayloadEncryptionRequest(c.data())
	switch {
	case err != nil:
		return nil, err
	case t != ipmi.PayloadIPMI:
		return nil, ipmi.PayloadTypeUnavailable
	case !c.s.wire.encrypts():
		return nil, ipmi.NoEncryption
	case operation == ipmi.EncryptionSuspend:
		return nil, ipmi.EncryptionRequired
	}
	return dst, nil
}
