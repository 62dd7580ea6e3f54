package ipmi

import "errors"

// Why a packet could not be parsed. They are values without detail because a
// malformed packet costs nobody an allocation; the receiver counts and forgets it.
var (
	ErrShort     = errors.New("ipmi: packet too short")
	ErrVersion   = errors.New("ipmi: not RMCP version 1.0")
	ErrMalformed = errors.New("ipmi: malformed packet")
	ErrChecksum  = errors.New("ipmi: wrong checksum")
	ErrIntegrity = errors.New("ipmi: integrity check failed")
)
