package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// Tab offers what the daemon has, and no files where none is meant.
func TestCompletion(t *testing.T) {
	socket := daemon(t, lab())
	for _, tt := range []struct {
		name, line string
		begun      string
		want       string // with the directive: 4 is no files, 0 is files
	}{
		{"BMCs", "show", "", "lab-a/esxi01 lab-a/web1 lab-b/web1 lab-b/evil?[2J?name :4"},
		{"BMCs that begin so", "power on", "lab-a/e", "lab-a/esxi01 :4"},
		{"the second one", "power off lab-a/web1", "lab-a/e", "lab-a/esxi01 :4"},
		{"a boot device", "bootdev lab-a/esxi01", "p", "pxe :4"},
		{"tenants", "list --tenant", "", "lab-a lab-b :4"},
		{"a tenant or one of its BMCs", "maintenance on", "lab-a", "lab-a lab-a/esxi01 lab-a/web1 :4"},
		{"formats of the output", "list -o", "", "table wide json yaml name csv :4"},
		{"formats of export", "export", "p", "pacemaker powercli prometheus :4"},
		{"nothing", "status", "", ":4"},
		{"directories", "import vbmc", "", ":0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, stdout, _ := command(t, none, append(append([]string{"__complete", "--socket", socket}, strings.Fields(tt.line)...), tt.begun)...)
			if got := strings.Join(strings.Split(strings.TrimSpace(stdout), "\n"), " "); got != tt.want || code != 0 {
				t.Errorf("exit code %d, %q, want %q", code, got, tt.want)
			}
		})
	}
	gone := filepath.Join(t.TempDir(), "none.sock")
	if code, stdout, _ := command(t, none, "__complete", "--socket", gone, "show", ""); code != 0 || stdout != ":4\n" {
		t.Errorf("without a daemon: exit code %d, %q", code, stdout)
	}
}
