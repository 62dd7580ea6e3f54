package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/bmc-gateway/bmc-gateway/"

// mayImport is the drawing of docs/explanation/architecture.md: who may know
// whom inside the module. Test files are free.
var mayImport = map[string][]string{
	"ipmi":                     {},
	"ipmi/bmc":                 {"ipmi"},
	"ipmi/bmc/bmctest":         {"ipmi", "ipmi/bmc"},
	"ipmi/remote":              {"ipmi"},
	"ipmi/ipmitest":            {"ipmi/remote"},
	"ipmi/remote/load":         {"ipmi", "ipmi/remote"},
	"inventory":                {},
	"vsphere":                  {"inventory"},
	"vsphere/vspheretest":      {},
	"metrics":                  {},
	"gateway/pulse":            {},
	"gateway/address":          {"gateway/pulse", "inventory"},
	"gateway/store":            {"gateway/address", "inventory"},
	"gateway/admin":            {},
	"gateway/audit":            {},
	"gateway/listen":           {"gateway/pulse"},
	"gateway":                  {"gateway/address", "gateway/admin", "gateway/audit", "gateway/listen", "gateway/pulse", "gateway/store", "inventory", "ipmi", "ipmi/bmc", "metrics", "vsphere"},
	"cmd/bmc-gateway/login":    {},
	"cmd/bmc-gateway/config":   {"cmd/bmc-gateway/login", "gateway", "gateway/address", "gateway/audit", "inventory", "ipmi", "ipmi/bmc", "vsphere"},
	"deploy":                   {},
	"cmd/bmc-gateway/export":   {"gateway/admin"},
	"cmd/bmc-gateway/firewall": {"gateway", "gateway/address"},
	"cmd/bmc-gateway/vbmc":     {"cmd/bmc-gateway/config", "gateway/address"},
	"cmd/bmc-gateway/page":     {"gateway/admin"},
	"cmd/bmc-gateway/web":      {"cmd/bmc-gateway/login", "cmd/bmc-gateway/page", "gateway/admin", "metrics"},
	"cmd/bmc-gateway/probe":    {"ipmi", "ipmi/remote"},
	"cmd/bmc-gateway/doctor":   {"cmd/bmc-gateway/probe", "gateway", "gateway/address", "gateway/admin", "ipmi", "ipmi/bmc", "ipmi/remote", "vsphere"},
	"cmd/bmc-gateway": {"cmd/bmc-gateway/config", "cmd/bmc-gateway/doctor", "cmd/bmc-gateway/export", "cmd/bmc-gateway/firewall", "cmd/bmc-gateway/probe", "cmd/bmc-gateway/vbmc", "cmd/bmc-gateway/web", "deploy", "gateway", "gateway/address", "gateway/admin", "inventory", "ipmi", "ipmi/bmc",
		"metrics", "vsphere", "vsphere/vspheretest"},
	"cmd/bmc-gateway/bench":    {"gateway/listen", "ipmi", "ipmi/bmc", "ipmi/remote", "ipmi/remote/load"},
	"cmd/bmc-gateway/browser":  {},
	"cmd/bmc-gateway/docstest": {},
	"cmd/bmc-gateway/e2e":      {},
	"cmd/bmc-gateway/interop":  {},
	"cmd/bmc-gateway/lab":      {"gateway", "gateway/address", "gateway/admin", "inventory", "ipmi", "ipmi/bmc", "vsphere", "vsphere/vspheretest"},
	"cmd/bmc-gateway/machine":  {},
	"cmd/bmc-gateway/usecases": {},

	// The one place beside the gateway where both worlds meet: a simulated vCenter asks BMCs.
	"vsphere/vspheretest/bmcclient": {"ipmi", "ipmi/remote", "vsphere/vspheretest"},
}

// onlyStandard are the packages that import nothing from outside of the
// standard library and the module.
var onlyStandard = []string{"ipmi", "inventory", "gateway/admin", "gateway/audit"}

// neverIn are packages of the standard library that a package must not import:
// the codec has no socket, no clock and no log.
var neverIn = map[string][]string{
	"ipmi":      {"net", "net/netip", "time", "context", "log", "log/slog", "os"},
	"inventory": {"net", "os", "log", "log/slog"},
}

type listedPackage struct {
	ImportPath string
	Imports    []string
	Doc        string
}

func TestImportsFollowTheDrawing(t *testing.T) {
	for _, p := range modulePackages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		t.Run(name, func(t *testing.T) {
			allowed, drawn := mayImport[name]
			if !drawn {
				t.Fatalf("package %s is not in the drawing: add it here and in docs/explanation/architecture.md", name)
			}
			for _, imported := range p.Imports {
				inner, ours := strings.CutPrefix(imported, module)
				switch {
				case ours && !slices.Contains(allowed, inner):
					t.Errorf("imports %s, an arrow that is not in the drawing", inner)
				case slices.Contains(neverIn[name], imported):
					t.Errorf("imports %s, which it must not know", imported)
				case !ours && strings.Contains(imported, ".") && slices.Contains(onlyStandard, name):
					t.Errorf("imports %s; it is to need the standard library only", imported)
				}
			}
		})
	}
}

func TestEveryPackageSaysItsJob(t *testing.T) {
	for _, p := range modulePackages(t) {
		if p.Doc == "" {
			t.Errorf("%s has no package comment", p.ImportPath)
		}
	}
}

// modulePackages asks the go command, which knows about build tags.
func modulePackages(t *testing.T) []listedPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,Doc", module+"...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var pkgs []listedPackage
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listedPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
	if len(pkgs) < len(mayImport) {
		t.Fatalf("go list found %d packages, fewer than the drawing's %d", len(pkgs), len(mayImport))
	}
	return pkgs
}
