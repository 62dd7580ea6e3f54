package export

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// A VM may be called what is a number, a truth or nothing to YAML.
func TestNamesThatYAMLReadsOtherwise(t *testing.T) {
	for _, name := range []string{"123", "1e3", "0x1f", "null", "true", "no", "2026-11-21"} {
		list := []Host{{BMC: admin.BMC{Tenant: "lab-a", Name: name, Address: netip.MustParseAddr("10.0.0.1"), Port: 623}, Account: "operator"}}
		var ironic struct{ Nodes []struct{ Name any } }
		var openshift struct{ Hosts []struct{ Name any } }
		var metal3 struct{ Metadata struct{ Name any } }
		_, host, _ := strings.Cut(written(t, "metal3", list), "kind: BareMetalHost")
		for text, into := range map[string]any{written(t, "ironic", list): &ironic, written(t, "openshift", list): &openshift, host: &metal3} {
			if err := yaml.Unmarshal([]byte(text), into); err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
		}
		for format, got := range map[string]any{"ironic": ironic.Nodes[0].Name, "openshift": openshift.Hosts[0].Name, "metal3": metal3.Metadata.Name} {
			if got != any(name) {
				t.Errorf("%s: %q became %#v", format, name, got)
			}
		}
	}
}

// Two accounts whose names are one without their punctuation have a password each.
func TestAccountsOfOneName(t *testing.T) {
	of := func(tenant, account, secret string) Host {
		return Host{BMC: admin.BMC{Tenant: tenant, Name: "vm", Address: netip.MustParseAddr("10.0.0.1"), Port: 623}, Account: account, Secret: secret}
	}
	text := written(t, "metal3", []Host{of("lab", "a-op", "first"), of("lab-a", "op", "second"), of("lab-a", "op", "second")})
	for _, want := range []string{"name: lab-a-op\n", "name: lab-a-op-2\n", `"first"`, `"second"`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	if n := strings.Count(text, "kind: Secret"); n != 2 {
		t.Errorf("%d secrets, want 2", n)
	}
}

// What its language takes for a quote or a template ends no value.
func TestQuotes(t *testing.T) {
	for _, tt := range []struct {
		name  string
		quote func(string) (string, error)
		value string
		want  string
	}{
		{"PowerShell", plainly(quotePowerShell), "Bob's", "'Bob''s'"},
		{"PowerShell, typographic", plainly(quotePowerShell), "Bob’s ‘x‚ ‛", "'Bob’’s ‘‘x‚‚ ‛‛'"},
		{"Jinja", quoteJinja, "p{{x}}", `!unsafe "p{{x}}"`},
		{"Jinja, a comment", quoteJinja, "p{#x", `!unsafe "p{#x"`},
		{"Jinja, nothing of it", quoteJinja, "p{x}", `"p{x}"`},
	} {
		if got, err := tt.quote(tt.value); err != nil || got != tt.want {
			t.Errorf("%s: %s, %v; want %s", tt.name, got, err, tt.want)
		}
	}
}

func plainly(quote func(string) string) func(string) (string, error) {
	return func(s string) (string, error) { return quote(s), nil }
}

// A BMC that is not on port 623 is a target with its port, as in service discovery.
func TestPrometheusPorts(t *testing.T) {
	var groups []struct{ Targets []string }
	if err := json.Unmarshal([]byte(written(t, "prometheus", hosts())), &groups); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, g := range groups {
		got = append(got, g.Targets...)
	}
	if got, want := strings.Join(got, " "), "10.0.0.1 10.0.0.4 [2001:db8::1]:6231 10.0.0.3:6230"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
