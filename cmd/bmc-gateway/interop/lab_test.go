package interop

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/lab"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
)

// The tenant of most clients, and that of those that also try IPMI 1.5.
const (
	tenant    = "enabled"
	tenantV15 = "old"
)

// labPrefix is what the name of every VM begins with.
const labPrefix = "node"

// newLab starts one with a VM for each client and says which is whose.
func newLab(t *testing.T, all []*client) (*lab.Lab, map[*client]string) {
	t.Helper()
	var modern, old []*client
	for _, c := range all {
		if c.v15 {
			old = append(old, c)
		} else {
			modern = append(modern, c)
		}
	}
	l := lab.Start(t, lab.Config{Name: "interop", Prefix: labPrefix, Tenants: []lab.Tenant{
		{Name: tenant, VMs: len(modern)}, {Name: tenantV15, VMs: len(old), V15: bmc.V15MD5AndPassword},
	}})
	vms := make(map[*client]string)
	for n, c := range append(modern, old...) {
		vms[c] = l.VM(n)
	}
	return l, vms
}

// newBench gives a client its VM, and the files that some clients read.
func newBench(t *testing.T, l *lab.Lab, vm string) *bench {
	t.Helper()
	b := &bench{Bench: l.Bench(t, vm), lab: l, vm: vm}
	b.Env = append(b.Env, "TESTDATA="+testdata(t))
	_, bios := l.VCenter.UUIDs(vm)
	for name, text := range map[string]string{
		"uuid":  bios,
		"names": "admin\noperator\nroot\n",
		"words": "admin\npassword\nsecret\n",
	} {
		if err := os.WriteFile(filepath.Join(b.Home, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func testdata(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	return path
}
