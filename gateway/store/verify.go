package store

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"

	"go.etcd.io/bbolt"
)

// verify reads the whole structure of the file. The size comes first: a page
// that is missing at the end faults in bbolt's own goroutine, where nothing can
// catch it.
func (s *Store) verify(file *os.File) error {
	return s.db.View(func(tx *bbolt.Tx) error {
		info, err := file.Stat()
		if err != nil {
			return err
		}
		if info.Size() < tx.Size() {
			return fmt.Errorf("%w: %d bytes long, must be %d", ErrDamaged, info.Size(), tx.Size())
		}
		raw, err := io.ReadAll(io.NewSectionReader(file, 0, info.Size()))
		if err != nil {
			return err
		}
		if _, err := checkPages(raw); err != nil {
			return err
		}
		var problems []error
		for err := range tx.Check() {
			problems = append(problems, err)
		}
		if len(problems) > 0 {
			return fmt.Errorf("%w: %w (%d problems)", ErrDamaged, problems[0], len(problems))
		}
		return checkBuckets(tx)
	})
}

// firstTx is the transaction that makes the buckets of a new file; bbolt counts
// the two meta pages of an empty one.
const firstTx = 2

// checkBuckets finds the buckets missing that every file has: one that is lost
// would be made again, with nothing in it.
func checkBuckets(tx *bbolt.Tx) error {
	if tx.ID() < firstTx {
		return nil // nothing was written yet
	}
	for _, name := range []string{metaBucket, leaseBucket} {
		if tx.Bucket([]byte(name)) == nil {
			return fmt.Errorf("%w: %s are missing", ErrDamaged, name)
		}
	}
	return nil
}

// prepare makes the buckets of a new file and refuses a file with a newer
// schema.
func (s *Store) prepare() error {
	return s.db.Update(func(tx *bbolt.Tx) error {
		meta, err := tx.CreateBucketIfNotExists([]byte(metaBucket))
		if err != nil {
			return err
		}
		if err := checkSchema(meta); err != nil {
			return err
		}
		for _, name := range []string{leaseBucket, overrideBucket, selBucket, markBucket, bmcBucket, tenantBucket, cycleBucket, clockBucket,
			maintenanceBucket, grantBucket, powerOffBucket} {
			if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
				return err
			}
		}
		if meta.Get([]byte(digestKey)) == nil { // of a new file, or an earlier release
			return storeDigest(tx, digestOf(tx))
		}
		return nil
	})
}

func checkSchema(meta *bbolt.Bucket) error {
	value := meta.Get([]byte(schemaKey))
	if value == nil {
		return meta.Put([]byte(schemaKey), binary.BigEndian.AppendUint32(nil, schema))
	}
	if len(value) != 4 || binary.BigEndian.Uint32(value) == 0 {
		return fmt.Errorf("%w: %x is no schema", ErrDamaged, value)
	}
	if got := binary.BigEndian.Uint32(value); got > schema {
		return fmt.Errorf("%w: its schema is %d, the newest known here is %d", ErrNewer, got, schema)
	}
	return nil
}
