package store

import (
	"time"

	"go.etcd.io/bbolt"
)

// An EventMark is a place in the events of a vCenter: the last one that was seen.
type EventMark struct {
	Key  int32     `json:"key"`  // vCenter counts its events
	Time time.Time `json:"time"` // by vCenter's clock
}

// EventMark returns the mark of a vCenter, by its instance UUID; false when there
// is none yet.
func (s *Store) EventMark(vcenter string) (mark EventMark, known bool, err error) {
	err = s.view(func(tx *bbolt.Tx) error {
		value := tx.Bucket([]byte(markBucket)).Get([]byte(vcenter))
		if value == nil {
			return nil
		}
		known = true
		return decodeRecord([]byte(vcenter), value, &mark)
	})
	if err != nil {
		return EventMark{}, false, s.recordError(markBucket, vcenter, "read", err)
	}
	return mark, known, nil
}

// PutEventMark stores the mark of a vCenter and returns when it is durable.
func (s *Store) PutEventMark(vcenter string, mark EventMark) error {
	return put(s, markBucket, vcenter, mark)
}
