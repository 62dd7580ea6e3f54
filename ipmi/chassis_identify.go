package ipmi

const defaultIdentify = 15 // seconds, section 28.5

// ParseIdentifyRequest reads the request of Chassis Identify (section 28.5):
//
//	[0] seconds, 0 off; optional, default 15  [1] bit 0 on without end; optional
//
// The error is a CompletionCode.
func ParseIdentifyRequest(data []byte) (seconds uint8, indefinite bool, err error) {
	switch len(data) {
	case 0:
		return defaultIdentify, false, nil
	case 1:
		return data[0], false, nil
	case 2:
		return data[0], data[1]&1 != 0, nil
	default:
		return 0, false, InvalidLength
	}
}
