package address

// maxEvents bounds the events that wait: more say nothing new.
const maxEvents = 10000

// post notes an event. It is told of by the loop, which holds no lock then, so
// that whoever is told may do what it likes.
func (k *Keeper) post(e Event) {
	k.posting.Lock()
	defer k.posting.Unlock()
	if len(k.events) < maxEvents {
		k.events = append(k.events, e)
	}
}

// deliver tells of all events so far.
func (k *Keeper) deliver() {
	k.posting.Lock()
	events := k.events
	k.events = nil
	k.posting.Unlock()
	for _, e := range events {
		k.tell(e)
	}
}
