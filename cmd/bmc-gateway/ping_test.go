package main

import (
	"strings"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc/bmctest"
)

func TestPing(t *testing.T) {
	_, at := bmctest.Serve(t, []bmc.Account{{Name: "operator", Password: "S3cretWord", Privilege: ipmi.Operator}}, 17)
	socket := daemon(t, fixed{{Tenant: "lab-a", Name: "esxi01", State: admin.Ready, Address: at.Addr(), Port: at.Port()},
		{Tenant: "lab-a", Name: "web1", State: admin.Pending, Reason: "address pool exhausted"}})
	password := func(name string) string { return map[string]string{"IPMI_PASSWORD": "S3cretWord"}[name] }
	tests := []struct {
		name   string
		args   []string
		code   int
		stdout []string
		stderr string
	}{
		{"by name, with a login", []string{"esxi01", "-U", "operator", "-L", "operator"}, 0,
			[]string{"presence ping ", "IPMI 2.0", "as operator (operator) with cipher suite 17", "power is on", "close session"}, ""},
		{"by address, without", []string{at.String()}, 0, []string{"pong, IPMI is supported"}, ""},
		{"wrong name", []string{"esxi01", "-U", "root"}, 1, []string{"FAILED: the password is wrong, or nobody has this name"}, "log in"},
		{"a suite it does not have", []string{"esxi01", "-U", "operator", "-C", "3"}, 1, []string{"FAILED: the BMC does not have this cipher suite"}, "log in"},
		{"no address yet", []string{"web1"}, 1, nil, "lab-a/web1 has no address: address pool exhausted"},
		{"unknown", []string{"web9"}, 3, nil, "web9: no such BMC"},
		{"privilege nobody has", []string{"esxi01", "-L", "root"}, 2, nil, `--privilege: "root" is not one of`},
		{"no password", []string{"esxi01", "-U", "operator", "-E", "OTHER"}, 2, nil, "give --password-file, or set $OTHER"},
		{"nobody there", []string{"127.0.0.1:9", "-R", "1", "-N", "100ms"}, 1, []string{"presence ping"}, "presence ping"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			code, stdout, stderr := command(t, password, append([]string{"--socket", socket, "ping"}, tt.args...)...)
			if code != tt.code || !strings.Contains(stderr, tt.stderr) {
				t.Errorf("exit code %d, %q; want %d with %q", code, stderr, tt.code, tt.stderr)
			}
			for _, want := range tt.stdout {
				if !strings.Contains(stdout, want) {
					t.Errorf("%q is not in\n%s", want, stdout)
				}
			}
		})
	}
}
