package ipmi

const (
	cipherSuitePageSize = 16
	listBySuite         = 0x80
	listIndexMask       = 0x3F
)

// A CipherSuitesRequest is the request of Get Channel Cipher Suites (section 22.15):
//
//	[0] bits 3:0 channel  [1] bits 5:0 payload type  [2] bit 7 by suite, bits 5:0 list index
type CipherSuitesRequest struct {
	Channel     uint8
	PayloadType PayloadType
	BySuite     bool  // false: the client wants algorithms, see AppendAlgorithms
	Index       uint8 // 0–63
}

// ParseCipherSuitesRequest reads the request. The error is a CompletionCode.
func ParseCipherSuitesRequest(data []byte) (CipherSuitesRequest, error) {
	if len(data) != 3 {
		return CipherSuitesRequest{}, InvalidLength
	}
	return CipherSuitesRequest{
		Channel:     data[0] & channelMask,
		PayloadType: PayloadType(data[1] & payloadTypeMask),
		BySuite:     data[2]&listBySuite != 0,
		Index:       data[2] & listIndexMask,
	}, nil
}

// AppendCipherSuitesRequest appends the request.
func AppendCipherSuitesRequest(dst []byte, r CipherSuitesRequest) []byte {
	return append(dst, r.Channel&channelMask, byte(r.PayloadType&payloadTypeMask),
		flag(r.BySuite, listBySuite)|r.Index&listIndexMask)
}

// AppendCipherSuitePage appends page index of the records, 16 bytes of them at
// most; the channel number goes before it. Records straddle pages, and a page
// of less than 16 bytes ends the list: a list of exactly 16 needs an empty
// second page (section 22.15).
func AppendCipherSuitePage(dst, records []byte, index uint8) []byte {
	from := min(int(index)*cipherSuitePageSize, len(records))
	to := min(from+cipherSuitePageSize, len(records))
	return append(dst, records[from:to]...)
}
