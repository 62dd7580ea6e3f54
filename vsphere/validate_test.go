package vsphere

import (
	"crypto/x509"
	"net/url"
	"strings"
	"testing"
	"time"
)

func goodConfig() Config {
	return Config{
		Name: "lab", URL: &url.URL{Scheme: "https", Host: "vcenter.example.org"}, Username: "bmc@example.org",
		Password: func() (string, error) { return "", nil },
	}
}

func TestConfigErrors(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"no name", func(c *Config) { c.Name = "" }, "no name"},
		{"no URL", func(c *Config) { c.URL = nil }, "URL"},
		{"plain HTTP", func(c *Config) { c.URL.Scheme = "http" }, "URL"},
		{"no user", func(c *Config) { c.Username = "" }, "user name"},
		{"no password", func(c *Config) { c.Password = nil }, "password"},
		{"CA and thumbprint", func(c *Config) { c.RootCAs, c.Thumbprint = x509.NewCertPool(), strings.Repeat("00", 32) }, "more than one"},
		{"thumbprint and insecure", func(c *Config) { c.Insecure, c.Thumbprint = true, strings.Repeat("00", 32) }, "more than one"},
		{"short thumbprint", func(c *Config) { c.Thumbprint = "AA:BB" }, "2 bytes"},
		{"relative folder", func(c *Config) { c.Folders = []Folder{{Path: "vm/a"}} }, `"vm/a"`},
		{"tag without category", func(c *Config) { c.Tags = []string{"acme"} }, `"acme"`},
		{"negative freshness", func(c *Config) { c.Freshness = -1 }, "negative"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := goodConfig()
			tt.change(&c)
			if _, err := New(c); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("err = %v, want %q in it", err, tt.want)
			}
		})
	}
}

func TestConfigDefaults(t *testing.T) {
	c := goodConfig()
	c.Tags = []string{"a/b", "a/b"}
	c.Folders = []Folder{{Path: "/dc/vm"}, {Path: "/dc/vm", Recursive: true}, {Path: "/dc/vm"}}
	got, err := c.withDefaults()
	must(t, err)
	if got.Freshness != 90*time.Second || got.TagInterval != time.Minute || got.Resync != 30*time.Minute || got.TagHintGap != 2*time.Second || got.CallTimeout != 20*time.Second ||
		got.DialTimeout != 5*time.Second || got.Rate != 20 || got.Burst != 40 || got.Log == nil {
		t.Errorf("defaults: %+v", got)
	}
	if got.URL.Path != "/sdk" || c.URL.Path != "" {
		t.Errorf("URL %v from %v, want a copy with the path of the API", got.URL, c.URL)
	}
	if len(got.Tags) != 1 || len(got.Folders) != 2 {
		t.Errorf("tags %v, folders %v, want each once", got.Tags, got.Folders)
	}
}
