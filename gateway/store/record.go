package store

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"

	"go.etcd.io/bbolt"
)

// ErrDamaged says that the file, or a record in it, is not what was written.
var ErrDamaged = errors.New("damaged")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksumSize is the length of the checksum in front of each record, bytes.
const checksumSize = 4

// A record is, in a bucket named for its kind:
//
//	key    text, the address or the VM it is about
//	value  [0:4] CRC-32C over key and body, big endian
//	       [4:]  body, JSON
//
// The key is part of the sum, because a lease found under another address is
// worse than one that is lost.
func encodeRecord(key []byte, v any) ([]byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	value := binary.BigEndian.AppendUint32(make([]byte, 0, checksumSize+len(body)), checksum(key, body))
	return append(value, body...), nil
}

// decodeRecord checks the sum and fills v.
func decodeRecord(key, value []byte, v any) error {
	if len(value) < checksumSize {
		return fmt.Errorf("%w: %d bytes are too short for a record", ErrDamaged, len(value))
	}
	want, body := binary.BigEndian.Uint32(value), value[checksumSize:]
	if got := checksum(key, body); got != want {
		return fmt.Errorf("%w: checksum %08x, recorded as %08x", ErrDamaged, got, want)
	}
	if err := json.Unmarshal(body, v); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return nil
}

func checksum(key, body []byte) uint32 {
	return crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, body)
}

// put writes one record and returns when it is on the disk.
func put(s *Store, bucket, key string, v any) error {
	value, err := encodeRecord([]byte(key), v)
	if err == nil {
		err = s.update(func(tx *bbolt.Tx) error {
			return tx.Bucket([]byte(bucket)).Put([]byte(key), value)
		})
	}
	if err != nil {
		return s.recordError(bucket, key, "write", err)
	}
	return nil
}

// remove deletes one record and returns when that is on the disk. A record that
// is not there is fine.
func remove(s *Store, bucket, key string) error {
	err := s.update(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte(bucket)).Delete([]byte(key))
	})
	if err != nil {
		return s.recordError(bucket, key, "delete", err)
	}
	return nil
}

// list returns the records of a bucket that are good, in the order of their
// keys, together with an error that names each one that is not.
func list[T any](s *Store, bucket string) ([]T, error) {
	var good []T
	var problems []error
	err := s.view(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte(bucket)).ForEach(func(key, value []byte) error {
			var v T
			if err := decodeRecord(key, value, &v); err != nil {
				problems = append(problems, fmt.Errorf("state file %s, %s %q: %w", s.path, bucket, key, err))
				return nil
			}
			good = append(good, v)
			return nil
		})
	})
	if err != nil {
		problems = append(problems, fmt.Errorf("state file %s, %s: read: %w", s.path, bucket, err))
	}
	return good, errors.Join(problems...)
}

func (s *Store) recordError(bucket, key, what string, err error) error {
	return fmt.Errorf("state file %s, %s %q: %s: %w", s.path, bucket, key, what, err)
}
