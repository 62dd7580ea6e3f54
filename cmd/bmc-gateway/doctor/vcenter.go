package doctor

import (
	"github.com/bmc-gateway/bmc-gateway/gateway"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

var vcenterLevels = map[vsphere.Level]Level{
	vsphere.Fine: OK, vsphere.Doubtful: Warning, vsphere.Broken: Problem,
}

// VCenters returns what was found at vCenters as findings: login, certificate,
// clock, folders, tags and privileges.
func VCenters(checked []gateway.CheckedVCenter) []Finding {
	var findings []Finding
	for _, vc := range checked {
		for _, f := range vc.Findings {
			findings = append(findings, Finding{
				Check: "vcenter " + vc.Name + ": " + f.Topic, Level: vcenterLevels[f.Level], Text: f.Text, Remedy: f.Remedy,
			})
		}
	}
	return findings
}
