package store

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
)

func wantOverrides(t *testing.T, s *Store, want ...BootOverride) {
	t.Helper()
	got, err := s.Overrides()
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v, overrides (-want +got):\n%s", err, diff)
	}
}

func TestOverridesSurvive(t *testing.T) {
	path := statePath(t)
	s := open(t, path)
	wantOverrides(t, s)

	set := BootOverride{Key: key("a"), Tenant: "acme", Flags: [5]byte{0x80, 0x04, 0, 0, 0xff}, Until: noon.Add(time.Minute)}
	changed := BootOverride{Key: key("b"), Flags: [5]byte{0xe0}, Original: json.RawMessage(`{"order":[{"kind":"disk","key":2000}]}`)}
	started := changed
	started.StartedAt = noon
	written := BootOverride{Key: key("c"), Flags: [5]byte{0xc0}, Written: true}
	for _, o := range []BootOverride{set, changed, written} {
		must(t, s.PutOverride(o))
	}
	wantOverrides(t, s, set, changed, written)
	must(t, s.PutOverride(started))
	must(t, s.DeleteOverride(key("c")))
	must(t, s.DeleteOverride(key("never there")))
	must(t, s.Close())

	s = open(t, path)
	wantOverrides(t, s, set, started)
	if got, _ := s.Overrides(); len(got) > 0 && got[0].Original != nil {
		t.Errorf("nothing was changed yet, but original is %s", got[0].Original)
	}
}

func TestOverrideThatIsNoJSON(t *testing.T) {
	s := open(t, statePath(t))
	if err := s.PutOverride(BootOverride{Key: key("a"), Original: json.RawMessage("{")}); err == nil {
		t.Error("an original that is no JSON was stored")
	}
	wantOverrides(t, s)
}

// Damage to one kind of record is no damage to the other.
func TestDamagedLeaseBesideOverride(t *testing.T) {
	path := statePath(t)
	s := open(t, path)
	override := BootOverride{Key: key("a"), Flags: [5]byte{0x80}}
	must(t, s.PutOverride(override))
	must(t, s.ChangeLeases([]address.Lease{lease("victim", "10.0.0.2")}, nil))
	must(t, s.Close())
	flip(t, path, `"vm":"victim"`)

	s = open(t, path)
	if got, err := s.Leases(); !errors.Is(err, ErrDamaged) || len(got) != 0 {
		t.Errorf("leases: got %v, %v, want ErrDamaged", got, err)
	}
	wantOverrides(t, s, override)
}
