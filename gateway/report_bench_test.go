package gateway

import (
	"fmt"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// BenchmarkTenThousandBMCs is what each look at all of them costs, of the status page
// or the command line.
func BenchmarkTenThousandBMCs(b *testing.B) {
	const vms = 10_000
	l := newLab(b)
	l.addTenant(b, simulator(b, vspheretest.Config{Name: "vc-a", VMs: vms}),
		inventory.Selector{Folders: []string{"/DC0/vm"}, Recursive: true}, "127.24.0.1-127.24.63.254")
	l.start(b)
	within(b, 5*time.Minute, "all BMCs are ready", func() error {
		if c := l.gw.served(); len(c) == 0 || c[0].count().ready != vms {
			return fmt.Errorf("not yet")
		}
		return nil
	})
	b.ReportAllocs()
	for b.Loop() {
		if n := len(l.gw.BMCs()); n != vms {
			b.Fatalf("%d BMCs", n)
		}
	}
}
