package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// errSelector is for a selector that nobody can understand.
var errSelector = errors.New("selectors are key=value or key!=value")

// selectable are the keys of selectors and what they are of a BMC.
var selectable = map[string]func(admin.BMC) string{
	"tenant":    func(b admin.BMC) string { return b.Tenant },
	"name":      func(b admin.BMC) string { return b.Name },
	"state":     func(b admin.BMC) string { return string(b.State) },
	"power":     func(b admin.BMC) string { return string(b.Power) },
	"vcenter":   func(b admin.BMC) string { return b.VCenter },
	"cluster":   func(b admin.BMC) string { return b.Cluster },
	"pool":      func(b admin.BMC) string { return b.Pool },
	"interface": func(b admin.BMC) string { return b.Interface },
	"protected": func(b admin.BMC) string { return fmt.Sprint(b.Protected != "") },
}

// selectorWords are all that some of the keys can be.
var selectorWords = map[string][]string{
	"state":     words(admin.Pending, admin.Ready, admin.Error, admin.Maintained, admin.Held),
	"power":     words(admin.PowerOn, admin.PowerOff, admin.PowerSuspended, admin.PowerUnknown),
	"protected": {"true", "false"},
}

func words[T ~string](all ...T) (plain []string) {
	for _, one := range all {
		plain = append(plain, string(one))
	}
	return plain
}

// A selection says which BMCs a command is about: by name, or by what they are.
type selection struct {
	tenant    string
	selectors []string
}

func (s *selection) flags(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&s.tenant, "tenant", "t", "", "only those of one `tenant`")
	cmd.Flags().StringSliceVarP(&s.selectors, "selector", "l", nil,
		"only those with `key=value`, or key!=value; several with commas. Keys: "+strings.Join(selectorKeys(), ", "))
}

func selectorKeys() (keys []string) {
	for k := range selectable {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// args wants names or something that selects.
func (s *selection) args(_ *cobra.Command, names []string) error {
	if len(names) == 0 && s.tenant == "" && len(s.selectors) == 0 {
		return errors.New("name a BMC, or select some with --tenant or --selector")
	}
	return s.check()
}

func (s *selection) check() error {
	for _, one := range s.selectors {
		key, value, ok := strings.Cut(one, "=")
		key = strings.TrimSuffix(key, "!")
		if _, known := selectable[key]; !ok || !known {
			return fmt.Errorf("--selector %q: %w; keys are %s", one, errSelector, strings.Join(selectorKeys(), ", "))
		}
		if words := selectorWords[key]; words != nil {
			if err := oneOf("--selector "+key, value, words...); err != nil {
				return err
			}
		}
	}
	return nil
}

// list returns those that are selected; none is no error.
func (s *selection) list(ctx context.Context, c *admin.Client) ([]admin.BMC, error) {
	all, err := c.BMCs(ctx, s.tenant)
	return slices.DeleteFunc(all, func(b admin.BMC) bool { return !s.fits(b) }), err
}

// find returns the BMCs that are named and selected; without names all that are
// selected. A name twice is one BMC.
func (s *selection) find(ctx context.Context, c *admin.Client, names []string) ([]admin.BMC, error) {
	all, err := c.BMCs(ctx, s.tenant)
	if err != nil {
		return nil, err
	}
	found := all
	if len(names) > 0 {
		found = nil
	}
	for _, name := range names {
		b, err := findBMC(all, name)
		if err != nil {
			return nil, err
		}
		same := func(o admin.BMC) bool {
			return o.Tenant == b.Tenant && o.Name == b.Name && o.VM.InstanceUUID == b.VM.InstanceUUID
		}
		if !slices.ContainsFunc(found, same) {
			found = append(found, b)
		}
	}
	found = slices.DeleteFunc(found, func(b admin.BMC) bool { return !s.fits(b) })
	if len(found) == 0 && len(names) == 0 {
		return nil, fmt.Errorf("nothing is selected: %w", admin.ErrNotFound)
	}
	return found, nil
}

// fits reports whether all selectors hold.
func (s *selection) fits(b admin.BMC) bool {
	for _, one := range s.selectors {
		key, want, _ := strings.Cut(one, "=")
		key, not := strings.CutSuffix(key, "!")
		if (selectable[key](b) == want) == not {
			return false
		}
	}
	return true
}

// nearest is how many names are offered in place of one that nobody has.
const nearest = 3

// findBMC is admin.Find, with what may be meant where nothing fits.
func findBMC(all []admin.BMC, name string) (admin.BMC, error) {
	b, err := admin.Find(all, name)
	if !errors.Is(err, admin.ErrNotFound) {
		return b, err
	}
	var near []string
	_, vm, ofTenant := strings.Cut(name, "/")
	for _, b := range all {
		full := b.Tenant + "/" + b.Name
		if strings.EqualFold(full, name) || strings.EqualFold(b.Name, name) || ofTenant && b.Name == vm {
			near = append(near, full)
		}
	}
	if len(near) == 0 || len(near) > nearest {
		return b, fmt.Errorf("%w; \"bmc-gateway list\" has those there are", err)
	}
	return b, fmt.Errorf("%w; is %s meant?", err, either(near))
}

// tellTenant tells people, not programs, why they see nothing of a tenant: there is
// none of this name.
func (p *program) tellTenant(ctx context.Context, name string, found int) {
	if name == "" || found > 0 {
		return
	}
	s, err := p.client().Status(ctx)
	if err != nil || slices.ContainsFunc(s.Tenants, func(t admin.Tenant) bool { return t.Name == name }) {
		return
	}
	var names []string
	for _, t := range s.Tenants {
		names = append(names, t.Name)
	}
	fmt.Fprintf(p.stderr, "bmc-gateway: no tenant is called %q; there are: %s\n", name, printable(cmp.Or(strings.Join(names, ", "), "none")))
}
