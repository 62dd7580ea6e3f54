package gateway

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

// cause adds to err, at the start, why vCenter has not answered yet: a name that
// is mistyped or a password that is refused shows nowhere else.
func (t *tenant) cause(err error) error {
	if err == nil || t.known {
		return err
	}
	if s := t.vc().Status(); !s.Connected && s.LastError != "" {
		return fmt.Errorf("%w: %s", err, s.LastError)
	}
	return err
}

// noteSource logs the loss and the return of the inventory, once each. That it
// is not known yet at the start is nothing to warn of.
func (t *tenant) noteSource(err error) {
	before := t.unknown
	t.unknown = err
	switch {
	case err == nil && !t.known:
		t.known = true
		t.log.Info("inventory known")
	case err == nil && before != nil:
		t.log.Info("inventory known again")
	case err == nil || t.toldAlready(before, err):
	case t.known:
		t.log.Warn("inventory unknown, serving what is served", "error", err)
	case before == nil:
		t.log.Info("inventory not known yet", "error", err)
	default:
		t.log.Warn("inventory not known yet", "error", err)
	}
}

// toldAlready reports whether err says the same as the one before, but for
// numbers: ages, ports, the time until the next login. Of an outage one line is
// enough; vsphere logs why.
func (t *tenant) toldAlready(before, err error) bool {
	if before == nil {
		return false
	}
	return withoutNumbers(before) == withoutNumbers(err) || t.known && errors.Is(before, vsphere.ErrStale) && errors.Is(err, vsphere.ErrStale)
}

func withoutNumbers(err error) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return -1
		}
		return r
	}, err.Error())
}
