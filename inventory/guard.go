package inventory

import (
	"slices"
	"time"
)

// A Guard says how sure one has to be that a VM shall have no BMC any more. An
// answer may be complete and still be wrong: a role that was taken away, a tag
// category that was deleted and a vCenter that is starting all look like VMs that
// are gone. The zero Guard believes the first answer.
type Guard struct {
	Answers int           // complete answers in a row that must not want the VM
	After   time.Duration // how long they must span at least
	Share   int           // percent of the BMCs: the removal of more is held; 0 and 100: of none is
	Minimum int           // the removal of fewer BMCs than this is never held
	Window  time.Duration // how long a removal counts towards Share
	Hold    time.Duration // a held removal is carried out after this long; 0: never
}

// An Absence is a VM that has a BMC and that the answers do not want any more.
type Absence struct {
	VM        VM        // as it was last wanted
	Since     time.Time // of the first answer that did not want it
	Answers   int       // how many there have been, in a row
	Named     bool      // vCenter still names the VM: only nothing selects it
	Held      time.Time // since when its removal is held; zero: it is not
	Confirmed bool      // an operator wants a held removal carried out
}

// An Answer is what the guard judges.
type Answer struct {
	At     time.Time
	Have   []VM // those with a BMC, or with an address from an earlier run; each once
	Named  []VM // all that vCenter names
	Wanted []VM // those of them that are selected
	// Reselected says that the operator has changed the selector: what vCenter names
	// and the selector does not want goes, however much it is.
	Reselected bool
}

// A Ruling is what becomes of the VMs that have a BMC and are not wanted. Each is
// in one of the three lists, which are in the order of Answer.Have.
type Ruling struct {
	Remove []VM      // the BMC goes
	Wait   []VM      // it stays until more answers say the same
	Hold   []Absence // it stays until an operator or the time says otherwise
}

// Absences remembers what earlier answers did not want. It has no lock, no clock
// and does no I/O: the same answers in the same order give the same rulings.
type Absences struct {
	guard   Guard
	absent  map[Key]Absence
	removed []time.Time // removals within the window that no new VM has replaced
	// arrived is when new VMs came, within the window and since the oldest absence:
	// when all keys change at once, the new ones do not make the old a smaller share.
	arrived []time.Time
}

// NewAbsences begins with the removals that an earlier run held: VM.Key and Held
// of them are read.
func NewAbsences(g Guard, held []Absence) *Absences {
	a := &Absences{guard: g, absent: make(map[Key]Absence)}
	for _, h := range held {
		a.absent[h.VM.Key] = Absence{VM: h.VM, Since: h.Held, Held: h.Held}
	}
	return a
}

// SetGuard goes on by another guard, from the next answer on.
func (a *Absences) SetGuard(g Guard) { a.guard = g }

// Judge rules on a complete answer.
func (a *Absences) Judge(ans Answer) Ruling {
	fresh := a.note(ans)
	mass := a.mass(ans)
	var r Ruling
	for _, vm := range ans.Have {
		one, absent := a.absent[vm.Key]
		if !absent {
			continue
		}
		switch v := a.guard.rule(one, mass, ans.Reselected, ans.At); v {
		case remove:
			r.Remove = append(r.Remove, vm)
			if one.Held.IsZero() && !excused(one, ans.Reselected) {
				a.removed = append(a.removed, ans.At)
			}
			delete(a.absent, vm.Key)
		case hold:
			if one.Held.IsZero() {
				one.Held = ans.At
				a.absent[vm.Key] = one
			}
			r.Hold = append(r.Hold, one)
		case wait:
			r.Wait = append(r.Wait, vm)
		}
	}
	a.arrived = append(a.arrived, slices.Repeat([]time.Time{ans.At}, fresh)...)
	return r
}

// note brings the absences up to date: each is of a VM that has a BMC and that no
// answer has wanted since it began. It returns how many VMs have no BMC yet.
func (a *Absences) note(ans Answer) (fresh int) {
	wanted, named, have := byKey(ans.Wanted), byKey(ans.Named), byKey(ans.Have)
	before := a.absent
	a.absent = make(map[Key]Absence)
	for _, vm := range ans.Have {
		if _, ok := wanted[vm.Key]; ok {
			continue
		}
		one, known := before[vm.Key]
		if !known {
			one.Since = ans.At
		}
		one.VM = vm
		one.Answers++
		_, one.Named = named[vm.Key]
		a.absent[vm.Key] = one
	}
	a.forget(ans.At)
	for key := range wanted {
		if _, ok := have[key]; ok {
			continue
		}
		fresh++
		if len(a.removed) > 0 {
			a.removed = a.removed[1:] // in a lab VMs come and go, and that is no loss
		}
	}
	return fresh
}

// forget lets go of what does not count any more.
func (a *Absences) forget(now time.Time) {
	oldest := now
	for _, one := range a.absent {
		if one.Since.Before(oldest) {
			oldest = one.Since
		}
	}
	past := func(at time.Time) bool { return now.Sub(at) > a.guard.Window }
	a.removed = slices.DeleteFunc(a.removed, past)
	a.arrived = slices.DeleteFunc(a.arrived, func(at time.Time) bool { return past(at) || at.Before(oldest) })
}

// mass reports whether too many would go at once. All that are absent count, also
// those that have not been so for long: the updates of one mistake come in pieces.
// A vCenter that names no VM at all has lost its mind or taken our role away.
func (a *Absences) mass(ans Answer) bool {
	lost := len(a.removed)
	for _, one := range a.absent {
		if !one.Confirmed && !excused(one, ans.Reselected) {
			lost++
		}
	}
	if a.guard.Share <= 0 || a.guard.Share >= 100 || lost == 0 {
		return false
	}
	all := len(ans.Have) - len(a.arrived) + len(a.removed)
	return len(ans.Named) == 0 || lost >= a.guard.Minimum && lost*100 > a.guard.Share*all
}

// Interrupt is for an answer that failed or was not complete: what earlier answers
// did not want has to be seen anew. What is held stays held.
func (a *Absences) Interrupt() {
	for key, one := range a.absent {
		if one.Held.IsZero() {
			delete(a.absent, key)
			continue
		}
		one.Answers = 0
		a.absent[key] = one
	}
}

// Confirm has the removals that are held now carried out by the next answer that
// does not want their VMs either. It returns how many they are.
func (a *Absences) Confirm() int {
	n := 0
	for key, one := range a.absent {
		if !one.Held.IsZero() {
			one.Confirmed = true
			a.absent[key] = one
			n++
		}
	}
	return n
}

// A verdict is what becomes of one BMC.
type verdict uint8

const (
	wait verdict = iota
	hold
	remove
)

// rule decides about one BMC. Ripe: enough answers in a row over enough time.
// Excused: the operator's configuration wants it so.
//
//	confirmed | held       | ripe | excused | mass | verdict
//	yes       | any        | any  | any     | any  | remove
//	no        | Hold long  | yes  | any     | any  | remove
//	no        | any        | yes  | yes     | any  | remove
//	no        | not so long| any  | no      | any  | hold
//	no        | any        | no   | any     | any  | hold
//	no        | no         | no   | any     | any  | wait
//	no        | no         | yes  | no      | yes  | hold
//	no        | no         | yes  | no      | no   | remove
//
// So what is held stays held also when the others have come back: a vCenter that
// is getting well tells of its VMs one after the other.
func (g Guard) rule(one Absence, mass, reselected bool, now time.Time) verdict {
	held := !one.Held.IsZero()
	ripe := one.Answers >= g.Answers && now.Sub(one.Since) >= g.After
	switch {
	case one.Confirmed, ripe && held && g.Hold > 0 && now.Sub(one.Held) >= g.Hold:
		return remove
	case ripe && excused(one, reselected):
		return remove
	case held:
		return hold
	case !ripe:
		return wait
	case mass:
		return hold
	default:
		return remove
	}
}

func excused(one Absence, reselected bool) bool { return reselected && one.Named }
