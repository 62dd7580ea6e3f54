package ipmi

import "encoding/binary"

const (
	payloadAuxSize = 4

	// payloadVersion10 is version 1.0 of a payload (section 24.9).
	payloadVersion10 = 0x10

	userPayloadDisable = 0x40 // bits 7:6: 0 enable, 1 disable
)

// A PayloadRequest is the request of Activate Payload and Deactivate Payload
// (sections 24.1 and 24.2):
//
//	[0] bits 5:0 type  [1] bits 3:0 instance, from 1  [2:6] auxiliary
type PayloadRequest struct {
	Type     PayloadType
	Instance uint8 // 0–15
	Aux      [payloadAuxSize]byte
}

// ParsePayloadRequest reads the request. The error is a CompletionCode.
func ParsePayloadRequest(data []byte) (PayloadRequest, error) {
	if len(data) != 2+payloadAuxSize {
		return PayloadRequest{}, InvalidLength
	}
	r := PayloadRequest{Type: PayloadType(data[0] & payloadTypeMask), Instance: data[1] & 0x0F}
	copy(r.Aux[:], data[2:])
	return r, nil
}

// ParsePayloadStatusRequest reads the request of Get Payload Activation Status
// (section 24.4): one byte, the type. The error is a CompletionCode.
func ParsePayloadStatusRequest(data []byte) (PayloadType, error) {
	if len(data) != 1 {
		return 0, InvalidLength
	}
	return PayloadType(data[0] & payloadTypeMask), nil
}

// AppendPayloadStatus appends the three bytes of Get Payload Activation Status
// after the completion code (section 24.4): how many instances there can be at a
// time (0–15), and a bit for each that is active, instance 1 first.
func AppendPayloadStatus(dst []byte, capacity uint8, active uint16) []byte {
	return append(dst, capacity&0x0F, byte(active), byte(active>>8))
}

// ParsePayloadInstanceRequest reads the request of Get Payload Instance Info
// (section 24.5): the type and the instance, from 1. The error is a CompletionCode.
func ParsePayloadInstanceRequest(data []byte) (PayloadType, uint8, error) {
	if len(data) != 2 {
		return 0, 0, InvalidLength
	}
	return PayloadType(data[0] & payloadTypeMask), data[1] & 0x0F, nil
}

// ParsePayloadVersionRequest reads the request of Get Channel Payload Version
// (section 24.9): the channel and the type. The error is a CompletionCode.
func ParsePayloadVersionRequest(data []byte) (channel uint8, t PayloadType, err error) {
	if len(data) != 2 {
		return 0, 0, InvalidLength
	}
	return data[0] & channelMask, PayloadType(data[1] & payloadTypeMask), nil
}

// AppendPayloadVersion appends the byte of Get Channel Payload Version after
// the completion code: version 1.0, which all payloads here have.
func AppendPayloadVersion(dst []byte) []byte { return append(dst, payloadVersion10) }

// AppendPayloadSupport appends the eight bytes of Get Channel Payload Support
// after the completion code (section 24.8): a bit for each payload type, those
// of the standard (0–15), of session set-up (10h–1Fh) and of OEMs (20h–2Fh).
func AppendPayloadSupport(dst []byte, types ...PayloadType) []byte {
	var bits [8]byte
	for _, t := range types {
		bits[t/8&7] |= 1 << (t % 8)
	}
	return append(dst, bits[:]...)
}

// A PayloadAccess says which payloads a user may activate: a bit for each
// standard type (bit 1 SOL) and for each OEM type (sections 24.6 and 24.7):
//
//	[0] standard types 7:0  [1] reserved  [2] OEM types 27h:20h  [3] reserved
type PayloadAccess struct {
	Standard uint8
	OEM      uint8
}

// AppendPayloadAccess appends the four bytes of Get User Payload Access after
// the completion code.
func AppendPayloadAccess(dst []byte, a PayloadAccess) []byte {
	return append(dst, a.Standard, 0, a.OEM, 0)
}

// A SetPayloadAccessRequest is the request of Set User Payload Access (section 24.6):
//
//	[0] bits 3:0 channel  [1] bits 7:6: 0 enable, 1 disable; bits 5:0 user ID  [2:6] PayloadAccess
type SetPayloadAccessRequest struct {
	UserRequest
	Disable bool          // else enable
	Types   PayloadAccess // to be enabled or disabled; the others stay
}

// ParseSetPayloadAccessRequest reads the request. The error is a CompletionCode:
// InvalidField for a reserved operation.
func ParseSetPayloadAccessRequest(data []byte) (SetPayloadAccessRequest, error) {
	if len(data) != 6 {
		return SetPayloadAccessRequest{}, InvalidLength
	}
	operation := data[1] &^ userIDMask
	if operation > userPayloadDisable {
		return SetPayloadAccessRequest{}, InvalidField
	}
	return SetPayloadAccessRequest{
		UserRequest: UserRequest{Channel: data[0] & channelMask, UserID: data[1] & userIDMask},
		Disable:     operation == userPayloadDisable,
		Types:       PayloadAccess{Standard: data[2], OEM: data[4]},
	}, nil
}

// A PayloadEncryption is what Suspend/Resume Payload Encryption is to do (section 24.3).
type PayloadEncryption uint8

// The operations.
const (
	EncryptionSuspend    PayloadEncryption = 0
	EncryptionResume     PayloadEncryption = 1
	EncryptionRegenerate PayloadEncryption = 2 // a new initialization vector
)

// ParsePayloadEncryptionRequest reads the request of Suspend/Resume Payload
// Encryption (section 24.3):
//
//	[0] bits 5:0 type  [1] bits 3:0 instance  [2] bits 4:0 operation
//
// The error is a CompletionCode: InvalidField for a reserved operation.
func ParsePayloadEncryptionRequest(data []byte) (PayloadType, PayloadEncryption, error) {
	if len(data) != 3 {
		return 0, 0, InvalidLength
	}
	operation := PayloadEncryption(data[2] & 0x1F)
	if operation > EncryptionRegenerate {
		return 0, 0, InvalidField
	}
	return PayloadType(data[0] & payloadTypeMask), operation, nil
}

// AppendPayloadInstance appends the twelve bytes of Get Payload Instance Info
// after the completion code (section 24.5): the ID of the session that has the
// instance, 0 when none has, and information that only OEM payloads use here.
func AppendPayloadInstance(dst []byte, session uint32) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, session)
	return append(dst, make([]byte, 8)...)
}
