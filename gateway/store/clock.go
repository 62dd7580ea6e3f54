package store

import "time"

// A clockRecord is how far the gateway's own clock had come.
type clockRecord struct {
	Time time.Time `json:"time"`
}

// clockKey, in the clock bucket, has the only record of it.
const clockKey = "gateway"

// Clock returns the time that was stored last; zero when there is none.
func (s *Store) Clock() (time.Time, error) {
	records, err := list[clockRecord](s, clockBucket)
	if len(records) == 0 {
		return time.Time{}, err
	}
	return records[0].Time, err
}

// PutClock stores the time of the gateway's clock and returns when that is durable.
func (s *Store) PutClock(t time.Time) error {
	return put(s, clockBucket, clockKey, clockRecord{t})
}
