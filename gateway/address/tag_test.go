package address

import (
	"testing"
	"time"
)

func TestTagFindsALostAddress(t *testing.T) {
	now := time.Now()
	p := quarantined(t, "10.0.0.1-10.0.0.9")
	p.Quarantine(ip("10.0.0.5"), Tag(key(1)), now)
	p.Quarantine(ip("10.0.0.6"), Tag(key(2)), now)
	p.Quarantine(ip("10.0.0.7"), Tag(key(2)), now) // nobody can say which is b's
	p.Quarantine(ip("10.0.0.1"), 0, now)
	for _, step := range []struct {
		vm   int
		want string
	}{{1, "10.0.0.5"}, {2, "10.0.0.2"}, {1, "10.0.0.5"}, {3, "10.0.0.3"}} {
		if got, err := p.Allocate(key(step.vm), now); err != nil || got != ip(step.want) {
			t.Errorf("VM %d got %s, %v; want %s", step.vm, got, err, step.want)
		}
	}
}

// What is tagged survives a restart as every lease does.
func TestTagIsAdopted(t *testing.T) {
	now := time.Now()
	first, second := quarantined(t, "10.0.0.1-10.0.0.9"), quarantined(t, "10.0.0.1-10.0.0.9")
	first.Quarantine(ip("10.0.0.5"), Tag(key(1)), now)
	for _, l := range first.Leases() {
		if err := second.Adopt(l); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := second.Allocate(key(1), now); err != nil || got != ip("10.0.0.5") {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestTag(t *testing.T) {
	if Tag(key(1)) == Tag(key(2)) {
		t.Error("a tag is of one VM")
	}
	var tags Tags
	tags.Put(ip("10.0.0.1"), key(1))
	if tags.Of(ip("10.0.0.1")) != Tag(key(1)) || tags.Of(ip("10.0.0.2")) != 0 {
		t.Error("a tag is of one address")
	}
}
