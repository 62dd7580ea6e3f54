package vsphere

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/vmware/govmomi/vapi/rest"
	"github.com/vmware/govmomi/vapi/tags"
)

const namesValid = 10 * time.Minute // between two checks whether tags still have their names

var errRenamed = errors.New("renamed")

// tagNames knows which tag id a "category/name" has. The API finds a tag by name
// only by reading every tag of a category, so what was read is kept, and looking
// again for a missing tag costs one list call a category and one a new tag. One
// goroutine uses it.
type tagNames struct {
	ids        map[string]string            // "category/name" → id
	categories map[string]string            // id → name
	tags       map[string]map[string]string // category id → tag id → name
	checked    time.Time
}

// doubt makes the next resolve begin anew.
func (n *tagNames) doubt() { *n = tagNames{} }

// resolve returns the id of each tag, and why those without one have none.
func (n *tagNames) resolve(ctx context.Context, s *restSession, wanted []string) (ids, missing map[string]string, err error) {
	if time.Since(n.checked) > namesValid && (len(n.ids) < len(wanted) || !n.verify(ctx, s)) {
		n.doubt()
	}
	if n.ids == nil {
		n.ids, n.categories, n.tags = make(map[string]string), make(map[string]string), make(map[string]map[string]string)
		n.checked = time.Now()
	}
	maps.DeleteFunc(n.ids, func(name, _ string) bool { return !slices.Contains(wanted, name) })
	missing = make(map[string]string)
	for _, w := range wanted {
		if n.ids[w] == "" {
			missing[w] = "not found"
		}
	}
	if len(missing) == 0 {
		return n.ids, missing, nil
	}
	if err := n.readCategories(ctx, s); err != nil {
		n.doubt()
		return nil, nil, err
	}
	for w := range missing {
		category, tag, _ := strings.Cut(w, "/")
		id, why, err := n.find(ctx, s, category, tag)
		if err != nil {
			n.doubt()
			return nil, nil, err
		}
		if missing[w] = why; why == "" {
			n.ids[w] = id
			delete(missing, w)
		}
	}
	return n.ids, missing, nil
}

// verify reports whether every tag still has the name it was found by. It costs
// two calls a tag, where beginning anew costs one for every tag of a category.
func (n *tagNames) verify(ctx context.Context, s *restSession) bool {
	for name, id := range n.ids {
		err := s.do(ctx, "get-tag", func(ctx context.Context, m *tags.Manager) error {
			t, err := m.GetTag(ctx, id)
			if err != nil {
				return err
			}
			c, err := m.GetCategory(ctx, t.CategoryID)
			if err == nil && c.Name+"/"+t.Name != name {
				err = errRenamed
			}
			return err
		})
		if err != nil {
			return false
		}
	}
	n.checked = time.Now()
	return true
}

// readCategories brings the list of categories up to date.
func (n *tagNames) readCategories(ctx context.Context, s *restSession) error {
	var list []string
	err := s.do(ctx, "list-categories", func(ctx context.Context, m *tags.Manager) (err error) {
		list, err = m.ListCategories(ctx)
		return err
	})
	if err != nil {
		return err
	}
	for _, id := range list {
		if n.categories[id] != "" {
			continue
		}
		err := s.do(ctx, "get-category", func(ctx context.Context, m *tags.Manager) error {
			c, err := m.GetCategory(ctx, id)
			if err == nil {
				n.categories[id] = c.Name
			}
			return err
		})
		if err != nil && !gone(err) {
			return err
		}
	}
	return nil
}

// find looks for a tag in its category.
func (n *tagNames) find(ctx context.Context, s *restSession, category, tag string) (id, why string, err error) {
	in := ""
	for id, name := range n.categories {
		if name == category {
			in = id
		}
	}
	if in == "" {
		return "", "its category is not found", nil
	}
	if err := n.readTags(ctx, s, in); err != nil {
		return "", "", err
	}
	for id, name := range n.tags[in] {
		if name == tag {
			return id, "", nil
		}
	}
	return "", "not found", nil
}

// readTags brings the list of tags of a category up to date.
func (n *tagNames) readTags(ctx context.Context, s *restSession, category string) error {
	var list []string
	err := s.do(ctx, "list-tags-for-category", func(ctx context.Context, m *tags.Manager) (err error) {
		list, err = m.ListTagsForCategory(ctx, category)
		return err
	})
	if err != nil {
		return err
	}
	known := n.tags[category]
	n.tags[category] = make(map[string]string, len(list))
	for _, id := range list {
		if name := known[id]; name != "" {
			n.tags[category][id] = name
			continue
		}
		err := s.do(ctx, "get-tag", func(ctx context.Context, m *tags.Manager) error {
			t, err := m.GetTag(ctx, id)
			if err == nil {
				n.tags[category][id] = t.Name
			}
			return err
		})
		if err != nil && !gone(err) {
			return err
		}
	}
	return nil
}

// gone reports whether an object was deleted between the list and the look at it.
func gone(err error) bool { return rest.IsStatusError(err, 404) }
