package address

import "errors"

// NewKeeper opens the sockets that a Keeper works through. tell is called from
// Run, one event at a time.
// Without CAP_NET_RAW addresses are kept, but neither announced nor checked for
// conflicts: err is [ErrPermission] then, and the Keeper works.
func NewKeeper(tell func(Event)) (*Keeper, error) {
	n, err := NewNetlink()
	if err != nil {
		return nil, err
	}
	announcer, deaf := NewAnnouncer()
	k := newKeeper(n, nil, tell)
	if deaf == nil {
		announcer.heard = k.heard
		k.neighbours = announcer
	}
	k.stop, err = watchChanges(changesBuffer, k.changed)
	if err != nil {
		k.stop = func() {}
		return nil, errors.Join(err, k.Close())
	}
	return k, deaf
}
