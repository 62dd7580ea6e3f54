package vspheretest_test

import (
	"testing"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// vCenter has 32 event collectors at a time, and those of a session end with it.
func TestEventCollectorsEndWithTheirSession(t *testing.T) {
	v := start(t, vspheretest.Config{VMs: 1})
	for round := range 3 {
		c := login(t, v)
		create := func() error {
			_, err := methods.CreateCollectorForEvents(t.Context(), c, &types.CreateCollectorForEvents{This: *c.ServiceContent.EventManager})
			return err
		}
		for n := range 32 {
			if err := create(); err != nil {
				t.Fatalf("round %d, collector %d: %v", round, n, err)
			}
		}
		if create() == nil {
			t.Fatal("a 33rd collector")
		}
		v.KillSessions()
	}
}
