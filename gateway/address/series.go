package address

import (
	"slices"
	"time"
)

// again is when an announcement is repeated: the first may be lost while a switch
// learns, and some hosts ignore one that follows another within a second.
var again = [...]time.Duration{time.Second, 3 * time.Second}

// announceAtOnce bounds how many announcements are sent in one turn of the loop:
// 2,000 a second.
const announceAtOnce = 500

// An announcement is one that is due.
type announcement struct {
	place
	at time.Time
}

// announceNow queues a whole series. mu is held.
func (k *Keeper) announceNow(at place, now time.Time) {
	k.due = append(k.due, announcement{at, now})
	k.announceLater(at, now)
}

// announceLater queues the repetitions. mu is held.
func (k *Keeper) announceLater(at place, now time.Time) {
	for _, after := range again {
		k.due = append(k.due, announcement{at, now.Add(after)})
	}
}

// announceDue sends what is due.
func (k *Keeper) announceDue(now time.Time) {
	k.mu.Lock()
	var send []place
	k.due = slices.DeleteFunc(k.due, func(d announcement) bool {
		if d.at.After(now) || len(send) == announceAtOnce {
			return false
		}
		if _, ok := k.wanted[d.place]; ok {
			send = append(send, d.place)
		}
		return true
	})
	k.mu.Unlock()
	for _, at := range send {
		// The first announcement has said why it fails; this is a repetition.
		_ = k.neighbours.Announce(at.iface, at.addr)
	}
}
