package main

import (
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

// A selection says which BMCs a command is about: by name, or by what they are.
type selection struct {
	tenant    string
	selectors []string
}

func (s *selection) flags(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&s.tenant, "tenant", "t", "", "only those of one `tenant`")
	cmd.Flags().StringSliceVarP(&s.selectors, "selector", "l", nil,
		"only those that are so, `key=value`,...: "+strings.Join(selectorKeys(), ", ")+"; != for all others")
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
		key, _, ok := strings.Cut(one, "=")
		if _, known := selectable[strings.TrimSuffix(key, "!")]; !ok || !known {
			return fmt.Errorf("--selector %q: %w; keys are %s", one, errSelector, strings.Join(selectorKeys(), ", "))
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
		b, err := admin.Find(all, name)
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
