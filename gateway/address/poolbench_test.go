package address

import (
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
)

func BenchmarkPoolFill10000(b *testing.B) {
	for name, addresses := range map[string]string{"IPv4": "10.0.0.1-10.0.39.16", "IPv6": "2001:db8::/64"} {
		b.Run(name, func(b *testing.B) {
			keys := make([]inventory.Key, 10000)
			for i := range keys {
				keys[i] = key(i)
			}
			for b.Loop() {
				p := newPool(b, time.Hour, addresses)
				for _, k := range keys {
					if _, err := p.Allocate(k, start); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

// BenchmarkPoolTurnover gives the addresses of a full pool to ever new VMs.
func BenchmarkPoolTurnover(b *testing.B) {
	p := newPool(b, 0, "10.0.0.1-10.0.39.16")
	for i := range 10000 {
		if _, err := p.Allocate(key(i), start); err != nil {
			b.Fatal(err)
		}
	}
	for i := 0; b.Loop(); i++ {
		now := start.Add(time.Duration(i) * time.Second)
		p.Release(key(i), now)
		if _, err := p.Allocate(key(i+10000), now); err != nil {
			b.Fatal(err)
		}
		p.Settle()
	}
}
