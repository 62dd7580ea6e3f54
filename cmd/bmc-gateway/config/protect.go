package config

import (
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway"
)

// readProtect reads which VMs nobody may power off through their BMC.
func readProtect(n node) gateway.Protect {
	s := n.section("names", "tags")
	return gateway.Protect{
		Names: form(s.get("names"), isPattern, "is no pattern; * and ? stand for any characters, [ needs its ]"),
		Tags:  form(s.get("tags"), isTag, "is no tag; write it as category/name"),
	}
}

// readFuse reads when too many BMCs are powered off at once; a share of 100 percent
// never is too many.
func readFuse(n node, otherwise gateway.Fuse) gateway.Fuse {
	s := n.section("share", "within", "minimum")
	return gateway.Fuse{
		Share:   s.get("share").whole(otherwise.Share, 1, 100),
		Within:  s.get("within").duration(otherwise.Within, time.Second, time.Hour),
		Minimum: s.get("minimum").whole(otherwise.Minimum, 1, 65535),
	}
}
