package vsphere

import (
	"strings"
	"testing"
	"time"
)

// What is not set is as documented, and what is set stays.
func TestLimitsByDefault(t *testing.T) {
	if got, want := (Limits{}).withDefaults(), (Limits{Rate: 5, Burst: 32, AtOnce: 8, Reads: 4, Wait: 1500 * time.Millisecond, Queue: 200, BatchFrom: 16, BatchMost: 32}); got != want {
		t.Errorf("limits %+v, want %+v", got, want)
	}
	if got, want := (TenantShare{Tenant: "a"}).withDefaults(), (TenantShare{Tenant: "a", Weight: 1, Rate: 2, Burst: 32}); got != want {
		t.Errorf("share %+v, want %+v", got, want)
	}
	set := Limits{Rate: 1, Burst: 2, AtOnce: 3, Reads: 4, Wait: 5, Queue: 6, BatchFrom: 7, BatchMost: 8}
	if got := set.withDefaults(); got != set {
		t.Errorf("limits %+v, want %+v", got, set)
	}
}

func TestNegativeLimits(t *testing.T) {
	for name, c := range map[string]Config{
		"negative limit":               {Limits: Limits{Reads: -1}},
		"tenant \"a\": negative share": {Shares: []TenantShare{{Tenant: "a", Weight: 1, Rate: -1, Burst: 1}}},
	} {
		c.Name = "lab"
		if err := c.checkLimits(); err == nil || !strings.Contains(err.Error(), `vCenter "lab": `+name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := (Config{Limits: Limits{}.withDefaults(), Shares: []TenantShare{{Tenant: "a"}}}).checkLimits(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
}
