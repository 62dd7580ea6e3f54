package ipmi

import "encoding/binary"

// AppendFRUArea appends the answer to Get FRU Inventory Area Info after the
// completion code (section 34.1): the size in bytes, and that it is accessed by bytes.
func AppendFRUArea(dst []byte, size int) []byte {
	return append(binary.LittleEndian.AppendUint16(dst, uint16(size)), 0)
}

// A ReadFRURequest is the request of Read FRU Data (section 34.2):
//
//	[0] FRU  [1:3] offset  [3] count
type ReadFRURequest struct {
	Device uint8
	Offset uint16
	Count  uint8
}

// ParseReadFRURequest reads the request. The error is a CompletionCode.
func ParseReadFRURequest(data []byte) (ReadFRURequest, error) {
	if len(data) != 4 {
		return ReadFRURequest{}, InvalidLength
	}
	return ReadFRURequest{Device: data[0], Offset: binary.LittleEndian.Uint16(data[1:]), Count: data[3]}, nil
}

// maxFRUData is how many bytes of a FRU one answer has at most: the length of a
// message of IPMI 1.5 is a byte, and nine of the message are not the FRU's (section 13.8).
const maxFRUData = 255 - 9

// AppendFRUData appends the answer after the completion code, the number of
// bytes and the bytes; less than was asked for at the end, and when more would not
// fit into a packet of every version. The error is a
// CompletionCode: OutOfRange for an offset beyond the end.
func (r ReadFRURequest) AppendFRUData(dst, image []byte) ([]byte, error) {
	if int(r.Offset) >= len(image) {
		return nil, OutOfRange
	}
	image = image[r.Offset:]
	image = image[:min(int(r.Count), len(image), maxFRUData)]
	return append(append(dst, byte(len(image))), image...), nil
}

// ParseWriteFRURequest reads as much of the request of Write FRU Data (section
// 34.3) as is needed to refuse it: which FRU. The error is a CompletionCode.
func ParseWriteFRURequest(data []byte) (device uint8, err error) {
	if len(data) < 4 {
		return 0, InvalidLength
	}
	return data[0], nil
}
