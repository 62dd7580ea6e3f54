package gateway

import (
	"context"
	"sync"

	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

// A CheckedVCenter is what was found at one vCenter.
type CheckedVCenter struct {
	Name     string
	Findings []vsphere.Finding
}

// CheckVCenters connects to all vCenters of a configuration at once and says what
// its tenants would miss there, in the order of the configuration. Nothing is
// changed. ctx bounds it.
func CheckVCenters(ctx context.Context, c Config) []CheckedVCenter {
	all := make([]CheckedVCenter, len(c.VCenters))
	var wg sync.WaitGroup
	for i, vc := range c.VCenters {
		all[i].Name = vc.Name
		wg.Go(func() { all[i].Findings = vsphere.Check(ctx, filled(vc, c.Tenants)) })
	}
	wg.Wait()
	return all
}
