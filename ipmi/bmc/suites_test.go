package bmc

import "github.com/bmc-gateway/bmc-gateway/ipmi"

// allSuites are those of table 22-20.
var allSuites = func() map[ipmi.CipherSuiteID]ipmi.CipherSuite {
	all := make(map[ipmi.CipherSuiteID]ipmi.CipherSuite)
	for id, a := range [][3]uint8{
		{0, 0, 0}, {1, 0, 0}, {1, 1, 0}, {1, 1, 1}, {1, 1, 2}, {1, 1, 3},
		{2, 0, 0}, {2, 2, 0}, {2, 2, 1}, {2, 2, 2}, {2, 2, 3}, {2, 3, 0}, {2, 3, 1}, {2, 3, 2}, {2, 3, 3},
		{3, 0, 0}, {3, 4, 0}, {3, 4, 1}, {3, 4, 2}, {3, 4, 3},
	} {
		all[ipmi.CipherSuiteID(id)] = ipmi.CipherSuite{
			ID: ipmi.CipherSuiteID(id), Auth: ipmi.AuthAlgorithm(a[0]),
			Integrity: ipmi.IntegrityAlgorithm(a[1]), Confidentiality: ipmi.ConfidentialityAlgorithm(a[2]),
		}
	}
	return all
}()

// useful are those with integrity and without xRC4.
var useful = map[ipmi.CipherSuiteID]bool{2: true, 3: true, 7: true, 8: true, 11: true, 12: true, 16: true, 17: true}
