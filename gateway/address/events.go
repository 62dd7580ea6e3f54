package address

import "time"

const (
	// maxEvents bounds the events that wait: more say nothing new.
	maxEvents = 10000
	// deliverFor is how long the loop tells of events in one turn. Who is told may
	// write each to a disk, and ten thousand addresses in conflict at once are no
	// reason to let their lifetimes end.
	deliverFor = time.Second
)

// post notes an event. It is told of by the loop, which holds no lock then, so
// that whoever is told may do what it likes.
func (k *Keeper) post(e Event) {
	k.posting.Lock()
	defer k.posting.Unlock()
	if len(k.events) < maxEvents {
		k.events = append(k.events, e)
	}
}

// deliver tells of the events so far, until the turn is over.
func (k *Keeper) deliver() {
	for end := time.Now().Add(deliverFor); time.Now().Before(end); {
		k.posting.Lock()
		if len(k.events) == 0 {
			k.events = nil
			k.posting.Unlock()
			return
		}
		e := k.events[0]
		k.events = k.events[1:]
		k.posting.Unlock()
		k.tell(e)
	}
}
