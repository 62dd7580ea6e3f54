package main

import (
	"strings"
	"testing"
)

func TestExport(t *testing.T) {
	socket := daemon(t, lab())
	path := configFile(t, goodConfig)
	for _, tt := range []struct {
		name   string
		args   []string
		code   int
		stdout string
		stderr string
	}{
		{"by its address", []string{"hosts", "10.120.8.17", "-t", "lab-a"}, 0, "10.120.8.17 esxi01-bmc esxi01-bmc.lab-a\n", ""},
		{"a BMC without an account", []string{"hosts", "-t", "lab-a"}, 1, "", "lab-a/web1 has no account"},
		{"by name, by reference", []string{"pacemaker", "esxi01"}, 0, "password_script='/etc/pacemaker/lab-a-operator'", ""},
		{"with the password", []string{"pacemaker", "esxi01", "--secrets", "-c", path}, 0, "password='S3cretWord'", ""},
		{"an account nobody has", []string{"hosts", "esxi01", "-a", "root"}, 1, "", `lab-a/esxi01 has no account "root"`},
		{"another configuration", []string{"hosts", "esxi01", "-a", "admin", "--secrets", "-c", path}, 1, "", "has no account admin of tenant lab-a; is it the daemon's configuration?"},
		{"unknown format", []string{"xml", "esxi01"}, 2, "", `format "xml" is not one of ansible, csv`},
		{"unknown tenant", []string{"hosts", "-t", "lab-z"}, 0, "", `no tenant is called "lab-z"; there are: lab-a`},
		{"without an address", []string{"hosts", "lab-b/web1"}, 0, "", "left out for want of an address: 1 BMC"},
		{"unknown BMC", []string{"hosts", "web9"}, 3, "", "web9: no such BMC"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, stdout, stderr := command(t, operatorEnv, append([]string{"--socket", socket, "export"}, tt.args...)...)
			if code != tt.code || !strings.Contains(stdout, tt.stdout) || !strings.Contains(stderr, tt.stderr) {
				t.Errorf("exit code %d, want %d\n%s\n%s", code, tt.code, stdout, stderr)
			}
		})
	}
}
