package ipmi

import "fmt"

// A CompletionCode is the first byte of every response (section 5.2). Handlers
// return it as an error; 00h is success and never an error.
type CompletionCode uint8

// The generic completion codes (table 5-2).
const (
	Completed             CompletionCode = 0x00
	NodeBusy              CompletionCode = 0xC0
	InvalidCommand        CompletionCode = 0xC1
	InvalidForLUN         CompletionCode = 0xC2
	Timeout               CompletionCode = 0xC3
	OutOfSpace            CompletionCode = 0xC4
	ReservationInvalid    CompletionCode = 0xC5
	DataTruncated         CompletionCode = 0xC6
	InvalidLength         CompletionCode = 0xC7
	FieldLengthExceeded   CompletionCode = 0xC8
	OutOfRange            CompletionCode = 0xC9
	CannotReturnBytes     CompletionCode = 0xCA
	NotPresent            CompletionCode = 0xCB
	InvalidField          CompletionCode = 0xCC
	IllegalForSensor      CompletionCode = 0xCD // or for a type of record
	NoResponse            CompletionCode = 0xCE
	InitializingBMC       CompletionCode = 0xD2
	DestinationGone       CompletionCode = 0xD3
	InsufficientPrivilege CompletionCode = 0xD4
	NotInPresentState     CompletionCode = 0xD5
	Unspecified           CompletionCode = 0xFF
)

// Command-specific codes, 80h–BEh; each is named for its command (appendix of each section).
const (
	// ParameterUnsupported: LAN configuration and boot option parameters (sections 23.2, 28.13).
	ParameterUnsupported CompletionCode = 0x80
	// SetInProgress: somebody else's set is in progress (sections 23.1, 28.12).
	SetInProgress CompletionCode = 0x81
	// ParameterReadOnly: sections 23.1, 28.12.
	ParameterReadOnly CompletionCode = 0x82
	// RecordTypeUnsupported: Add SEL Entry (section 31.6).
	RecordTypeUnsupported CompletionCode = 0x80
	// FRUWriteProtected: Write FRU Data (section 34.3).
	FRUWriteProtected CompletionCode = 0x80
	// NoPowerLimit: DCMI's Get Power Limit (DCMI 1.5, section 6.6.2).
	NoPowerLimit CompletionCode = 0x80
	// PrivilegeUnavailable: Set Session Privilege Level, level not for this user (section 22.18).
	PrivilegeUnavailable CompletionCode = 0x80
	// PrivilegeExceedsLimit: Set Session Privilege Level, beyond user or channel limit (section 22.18).
	PrivilegeExceedsLimit CompletionCode = 0x81
	// NullUserDisabled: Get Session Challenge, there is no user without a name (section 22.16).
	NullUserDisabled CompletionCode = 0x82
	// NoSessionSlot: Activate Session, as many sessions as there can be (section 22.17).
	NoSessionSlot CompletionCode = 0x81
	// SequenceOutOfRange: Activate Session, the initial number is zero (section 22.17).
	SequenceOutOfRange CompletionCode = 0x84
	// InvalidChallenge: Activate Session, session ID and challenge do not belong together (section 22.17).
	InvalidChallenge CompletionCode = 0x85
	// ActivateExceedsLimit: Activate Session, beyond user or channel limit (section 22.17).
	ActivateExceedsLimit CompletionCode = 0x86
	// InvalidSessionID: Close Session (section 22.19).
	InvalidSessionID CompletionCode = 0x87
	// InvalidSessionHandle: Close Session (section 22.19).
	InvalidSessionHandle CompletionCode = 0x88
	// WatchdogUninitialized: Reset Watchdog Timer before the first Set (section 27.5).
	WatchdogUninitialized CompletionCode = 0x80
	// PasswordWrong: Set User Password, test of a password of the right size (section 22.30).
	PasswordWrong CompletionCode = 0x80
	// PasswordWrongSize: the same, stored in the other size (section 22.30).
	PasswordWrongSize CompletionCode = 0x81
	// PayloadTypeUnavailable: Get Channel Payload Version, Suspend/Resume Payload
	// Encryption (sections 24.9 and 24.3).
	PayloadTypeUnavailable CompletionCode = 0x80
	// PayloadDisabled: Activate and Deactivate Payload (sections 24.1 and 24.2).
	PayloadDisabled CompletionCode = 0x81
	// EncryptionRequired: Suspend/Resume Payload Encryption, not allowed by the
	// configuration (section 24.3).
	EncryptionRequired CompletionCode = 0x81
	// NoEncryption: Suspend/Resume Payload Encryption in a session without (section 24.3).
	NoEncryption CompletionCode = 0x82
	// KeyLocked: Set Channel Security Keys (section 22.25).
	KeyLocked CompletionCode = 0x80
	// KeyTooShort: Set Channel Security Keys (section 22.25).
	KeyTooShort CompletionCode = 0x81
	// KeyTooLong: Set Channel Security Keys (section 22.25).
	KeyTooLong CompletionCode = 0x82
	// KeyUnused: Set Channel Security Keys, the key Kr (section 22.25).
	KeyUnused CompletionCode = 0x84
)

// Error makes a completion code usable as an error.
func (c CompletionCode) Error() string { return "completion code " + c.String() }

// String returns the code in hexadecimal with the specification's meaning.
func (c CompletionCode) String() string {
	return fmt.Sprintf("%02Xh (%s)", uint8(c), c.meaning())
}

func (c CompletionCode) meaning() string {
	switch c {
	case Completed:
		return "completed"
	case NodeBusy:
		return "node busy"
	case InvalidCommand:
		return "invalid command"
	case InvalidForLUN:
		return "invalid for LUN"
	case Timeout:
		return "timeout"
	case OutOfSpace:
		return "out of space"
	case ReservationInvalid:
		return "reservation invalid"
	case DataTruncated:
		return "data truncated"
	case InvalidLength:
		return "invalid data length"
	case FieldLengthExceeded:
		return "field length exceeded"
	case OutOfRange:
		return "parameter out of range"
	case CannotReturnBytes:
		return "cannot return requested bytes"
	case NotPresent:
		return "not present"
	case InvalidField:
		return "invalid data field"
	case IllegalForSensor:
		return "illegal for this sensor or record"
	case NoResponse:
		return "response could not be provided"
	case InitializingBMC:
		return "initialization in progress"
	case DestinationGone:
		return "destination unavailable"
	case InsufficientPrivilege:
		return "insufficient privilege"
	case NotInPresentState:
		return "not supported in present state"
	case Unspecified:
		return "unspecified error"
	}
	if c >= 0x80 && c <= 0xBE {
		return "command specific"
	}
	return "unknown"
}
