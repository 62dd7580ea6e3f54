package store

import (
	"encoding/binary"

	"go.etcd.io/bbolt"
)

// digestKey, in the meta bucket, has the digest of the leases. A checksum tells a
// damaged lease, and nothing tells one that is not there any more: without the
// digest its address would look free.
const digestKey = "leases"

// A digest is, of all leases:
//
//	[0:8]   how many there are, big endian
//	[8:12]  their checksums, each as in the record, added by exclusive or
//	[12:16] CRC-32C over these and the key
type digest struct {
	count uint64
	sum   uint32
}

// add enters a record, or takes it out when n is -1; nil is no record.
func (d *digest) add(value []byte, n int) {
	if len(value) >= checksumSize {
		d.count += uint64(n)
		d.sum ^= binary.BigEndian.Uint32(value)
	}
}

func (d digest) encode() []byte {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, 16), d.count)
	b = binary.BigEndian.AppendUint32(b, d.sum)
	return binary.BigEndian.AppendUint32(b, checksum([]byte(digestKey), b))
}

// storedDigest returns the digest in the file; false when there is none, or none
// that is whole.
func storedDigest(tx *bbolt.Tx) (digest, bool) {
	b := tx.Bucket([]byte(metaBucket)).Get([]byte(digestKey))
	if len(b) != 16 || checksum([]byte(digestKey), b[:12]) != binary.BigEndian.Uint32(b[12:]) {
		return digest{}, false
	}
	return digest{binary.BigEndian.Uint64(b), binary.BigEndian.Uint32(b[8:])}, true
}

// digestOf reads all leases.
func digestOf(tx *bbolt.Tx) (d digest) {
	_ = tx.Bucket([]byte(leaseBucket)).ForEach(func(_, value []byte) error {
		d.add(value, 1)
		return nil
	})
	return d
}

// storeDigest writes the digest.
func storeDigest(tx *bbolt.Tx, d digest) error {
	return tx.Bucket([]byte(metaBucket)).Put([]byte(digestKey), d.encode())
}
