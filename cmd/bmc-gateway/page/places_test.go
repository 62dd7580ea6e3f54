package page

import "testing"

// Half of the places is what a tenant's people have at most; an administrator has any
// that is left, and what is given back is there for the next one.
func TestPlaces(t *testing.T) {
	p := NewPlaces(6)
	a, b, ops := Viewer{Name: "ann", Tenants: []string{"lab-a"}}, Viewer{Name: "bob", Tenants: []string{"lab-b"}}, Viewer{Name: "ops", All: true}
	var leave []func()
	for i, step := range []struct {
		who Viewer
		ok  bool
	}{
		{a, true}, {a, true}, {Viewer{Name: "amy", Tenants: a.Tenants}, true}, {a, false}, {Viewer{Name: "amy", Tenants: a.Tenants}, false},
		{ops, true}, {b, true}, {ops, true}, {b, false}, {ops, false},
	} {
		give, ok := p.Take(step.who)
		if ok != step.ok {
			t.Fatalf("step %d, %s: %t", i, step.who.Name, ok)
		}
		if ok {
			leave = append(leave, give)
		}
	}
	leave[0]()
	if give, ok := p.Take(a); !ok {
		t.Error("a place that was given back is not there")
	} else {
		give()
	}
	for _, give := range leave[1:] {
		give()
	}
	if p.count() != 0 || len(p.by) != 0 {
		t.Errorf("%d are taken, by %v", p.count(), p.by)
	}
}
