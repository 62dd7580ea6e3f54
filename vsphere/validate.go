package vsphere

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"
)

// withDefaults returns a copy with every zero duration and rate filled in, or all
// that is wrong with the configuration.
func (c Config) withDefaults() (Config, error) {
	if err := c.check(); err != nil {
		return c, err
	}
	c.URL = apiURL(c.URL)
	c.Folders = dedupe(c.Folders)
	c.Tags = dedupe(c.Tags)
	setDefault(&c.Freshness, 90*time.Second)
	setDefault(&c.Resync, 30*time.Minute)
	setDefault(&c.TagInterval, time.Minute)
	setDefault(&c.TagHintGap, 2*time.Second)
	setDefault(&c.CallTimeout, 20*time.Second)
	setDefault(&c.DialTimeout, 5*time.Second)
	setDefault(&c.Rate, 20)
	setDefault(&c.Burst, 40)
	c.Limits = c.Limits.withDefaults()
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c, nil
}

func (c Config) check() error {
	var errs []error
	fail := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("vCenter %q: "+format, append([]any{c.Name}, args...)...))
	}
	if c.Name == "" {
		fail("no name")
	}
	if c.URL == nil || c.URL.Scheme != "https" || c.URL.Host == "" {
		fail("URL is not https://host")
	}
	if c.Username == "" && c.Auth != AuthCertificate || c.Password == nil {
		fail("no user name or password")
	}
	if c.trusts() > 1 {
		fail("more than one of CA, thumbprint and insecure")
	}
	if c.Thumbprint != "" {
		if _, err := parseThumbprint(c.Thumbprint); err != nil {
			fail("%w", err)
		}
	}
	for _, f := range c.Folders {
		if !strings.HasPrefix(f.Path, "/") || strings.Trim(f.Path, "/") == "" {
			fail("folder %q is no inventory path such as /Datacenter/vm/Folder", f.Path)
		}
	}
	for _, t := range c.Tags {
		if category, name, ok := strings.Cut(t, "/"); !ok || category == "" || name == "" {
			fail("tag %q is not category/name", t)
		}
	}
	if c.Freshness < 0 || c.Resync < 0 || c.TagInterval < 0 || c.TagHintGap < 0 || c.CallTimeout < 0 || c.DialTimeout < 0 || c.Rate < 0 || c.Burst < 0 {
		fail("negative time or rate")
	}
	errs = append(errs, c.checkLimits())
	return errors.Join(errs...)
}

// trusts counts the ways the certificate is to be checked.
func (c Config) trusts() (n int) {
	for _, set := range []bool{c.RootCAs != nil, c.Thumbprint != "", c.Insecure} {
		if set {
			n++
		}
	}
	return n
}

func setDefault[T time.Duration | float64 | int](v *T, d T) {
	if *v == 0 {
		*v = d
	}
}

func dedupe[T comparable](list []T) []T {
	var out []T
	for _, v := range list {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}
