package ipmi

// Sizes of boot option parameters (table 28-14).
const (
	// BootInitiatorSize is the size of parameter 6: channel, session ID and timestamp.
	BootInitiatorSize = 9
	// BootMailboxBlock is the size of a block of parameter 7.
	BootMailboxBlock = 16
	// BootMailboxBlocks are how many blocks the specification asks for.
	BootMailboxBlocks = 5
)

// ParseBootMailbox reads the data of parameter 7 in a set request: the number
// of the block and up to sixteen bytes for it, which alias the packet. The error
// is a CompletionCode: OutOfRange for a block that there is not.
func ParseBootMailbox(data []byte) (block uint8, content []byte, err error) {
	switch {
	case len(data) < 2 || len(data) > 1+BootMailboxBlock:
		return 0, nil, InvalidLength
	case data[0] >= BootMailboxBlocks:
		return 0, nil, OutOfRange
	}
	return data[0], data[1:], nil
}
