package ipmi

import "fmt"

// A SOLParameter is the number of a SOL configuration parameter (table 26-5).
type SOLParameter uint8

// The SOL configuration parameters; 192–255 are OEM.
const (
	SOLSetInProgress  SOLParameter = 0
	SOLEnable         SOLParameter = 1
	SOLAuthentication SOLParameter = 2
	SOLAccumulate     SOLParameter = 3
	SOLRetry          SOLParameter = 4
	SOLStoredBitRate  SOLParameter = 5
	SOLActiveBitRate  SOLParameter = 6
	SOLChannel        SOLParameter = 7
	SOLPort           SOLParameter = 8
)

// String returns the specification's name in lower case.
func (p SOLParameter) String() string {
	switch p {
	case SOLSetInProgress:
		return "set in progress"
	case SOLEnable:
		return "SOL enable"
	case SOLAuthentication:
		return "SOL authentication"
	case SOLAccumulate:
		return "character accumulate interval"
	case SOLRetry:
		return "SOL retry"
	case SOLStoredBitRate:
		return "non-volatile bit rate"
	case SOLActiveBitRate:
		return "volatile bit rate"
	case SOLChannel:
		return "SOL payload channel"
	case SOLPort:
		return "SOL payload port"
	default:
		return fmt.Sprintf("SOL parameter %d", uint8(p))
	}
}
