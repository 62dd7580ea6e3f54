package vsphere

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"time"

	"github.com/vmware/govmomi/vapi/tags"
)

var errEmptied = errors.New("no VM has the tag any more, and the tag is not what it was")

// A tagger looks up which VMs carry the configured tags. The property collector
// says nothing of tags, so it asks: one call an interval for all of them.
type tagger struct {
	watch *session
	cfg   Config
	wants *wants
	rest  *restSession
	names *tagNames
	mem   *memory
	link  *link

	vcenter string         // that names are of
	losses  map[bearer]int // look-ups in a row that no longer found a tag on a VM
}

// run asks at once when the link comes up, soon after vCenter told of a tag that
// was put on or taken off, and each TagInterval in any case; after a
// failure with a growing wait. While vCenter is gone it is quiet: the watch does the
// knocking.
func (t *tagger) run(ctx context.Context) {
	up, cancel := t.link.up.subscribe()
	defer cancel()
	hints, end := t.mem.tagged.subscribe()
	defer end()
	wanted, leave := t.wants.changed.subscribe()
	defer leave()
	var hinted time.Time // when the last look because of a hint was due
	for failures := 0; ctx.Err() == nil; {
		wait := t.cfg.TagInterval*9/10 + rand.N(t.cfg.TagInterval/5+1)
		again := false
		if t.link.check() == nil {
			if err := t.look(ctx); err == nil {
				failures = 0
				if again = t.doubts(); again {
					wait = min(wait, t.cfg.TagHintGap)
				}
			} else if ctx.Err() == nil {
				failures++
				t.mem.failTags(err)
				t.link.note(fmt.Errorf("tags: %w", err))
				wait = min(backoff(failures, answeredCap), t.maxAge()/3)
			}
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-up:
		case <-wanted:
		case <-hints:
			pause(ctx, max(hintSettles, time.Until(hinted.Add(t.cfg.TagHintGap))))
			hinted = time.Now()
			select { // what came during the pause is seen as well
			case <-hints:
			default:
			}
		case <-timer.C:
			if again {
				hinted = time.Now()
			}
		}
		timer.Stop()
	}
}

// maxAge is how old a look-up may be and still count: the freshness, but three
// intervals where those are longer.
func (t *tagger) maxAge() time.Duration { return tagAge(t.cfg) }

func tagAge(cfg Config) time.Duration { return max(cfg.Freshness, 3*cfg.TagInterval) }

// look makes one look-up of the tags that are wanted, if any are, and stores it.
func (t *tagger) look(ctx context.Context) error {
	wanted := t.wants.now().Tags
	if len(wanted) == 0 {
		return nil
	}
	if t.watch.standalone() {
		return errNoTags
	}
	asked := time.Now()
	vcenter, _, _ := t.mem.about()
	if t.vcenter != vcenter {
		t.names.doubt()
		t.vcenter = vcenter
	}
	ids, missing, err := t.names.resolve(ctx, t.rest, wanted)
	if err != nil {
		return err
	}
	found := tagging{vcenter: vcenter, at: asked, refs: make(map[string]map[string]bool, len(ids)), missing: missing}
	names := make(map[string]string, len(ids))
	for name, id := range ids {
		found.refs[name], names[id] = make(map[string]bool), name
	}
	if len(ids) > 0 {
		attached, err := t.attached(ctx, names)
		if err != nil {
			if !silent(err) {
				t.names.doubt() // an id may be gone
			}
			return err
		}
		for _, a := range attached {
			fill(found.refs[names[a.TagID]], a)
		}
	}
	// A tag that was deleted is on no VM either, and its name may have another id now.
	if t.mem.emptied(found) && !t.names.verify(ctx, t.rest) {
		t.names.doubt()
		return errEmptied
	}
	t.losses = t.mem.keepTagged(found, t.losses)
	if t.mem.setTags(found) {
		t.mem.changed.raise()
	}
	return nil
}

// silent reports whether vCenter did not answer at all.
func silent(err error) bool {
	var late *timeoutError
	var broken *url.Error
	return errors.As(err, &late) || errors.As(err, &broken)
}

// attached asks for the objects of all tags in one call.
func (t *tagger) attached(ctx context.Context, names map[string]string) (list []tags.AttachedObjects, err error) {
	ids := make([]string, 0, len(names))
	for id := range names {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	err = t.rest.do(ctx, "list-attached-objects-on-tags", func(ctx context.Context, m *tags.Manager) error {
		var err error
		list, err = m.ListAttachedObjectsOnTags(ctx, ids)
		return err
	})
	return list, err
}

// fill takes the VMs among the objects. refs is nil for a tag nobody asked for.
func fill(refs map[string]bool, a tags.AttachedObjects) {
	for _, o := range a.ObjectIDs {
		if r := o.Reference(); refs != nil && r.Type == "VirtualMachine" {
			refs[r.Value] = true
		}
	}
}
