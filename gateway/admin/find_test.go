package admin

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
)

func TestFind(t *testing.T) {
	bmcs := []BMC{
		{Tenant: "lab-a", Name: "web1", Address: netip.MustParseAddr("10.120.8.17"),
			VM: VM{InstanceUUID: "5026AAAA-1", BIOSUUID: "4221BBBB-1"}},
		{Tenant: "lab-b", Name: "web1", VM: VM{InstanceUUID: "5026aaaa-2", BIOSUUID: "4221bbbb-2"}},
		{Tenant: "lab-b", Name: "rack/7", VM: VM{InstanceUUID: "5026aaaa-3", BIOSUUID: "4221bbbb-2"}},
		{Tenant: "lab-b", Name: "10.120.8.17", VM: VM{InstanceUUID: "5026aaaa-4"}},
		{Tenant: "lab-c", Name: "twin", VM: VM{InstanceUUID: "5026aaaa-5"}},
		{Tenant: "lab-c", Name: "twin", VM: VM{InstanceUUID: "5026aaaa-6"}},
	}
	for _, tt := range []struct {
		name, ask string
		want      int // index in bmcs, if there is no error
		err       error
		says      string
	}{
		{name: "tenant and name", ask: "lab-b/web1", want: 1},
		{name: "slash in the VM's name", ask: "lab-b/rack/7", want: 2},
		{name: "name with a slash, alone", ask: "rack/7", want: 2},
		{name: "address before a VM named like one", ask: "10.120.8.17", want: 0},
		{name: "instance UUID in other case", ask: "5026aaaa-1", want: 0},
		{name: "BIOS UUID", ask: "4221bbbb-1", want: 0},
		{name: "BIOS UUID of two clones", ask: "4221bbbb-2", err: ErrAmbiguous, says: "lab-b/rack/7"},
		{name: "name in two tenants", ask: "web1", err: ErrAmbiguous, says: "lab-a/web1"},
		{name: "twice in one tenant", ask: "lab-c/twin", err: ErrAmbiguous, says: "5026aaaa-6"},
		{name: "unknown", ask: "web9", err: ErrNotFound, says: "web9"},
		{name: "known name in another tenant", ask: "lab-a/rack/7", err: ErrNotFound},
		{name: "nothing", ask: "", err: ErrNotFound},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Find(bmcs, tt.ask)
			if tt.err != nil {
				if !errors.Is(err, tt.err) || !strings.Contains(err.Error(), tt.says) {
					t.Errorf("got error %v, want %v with %q", err, tt.err, tt.says)
				}
				return
			}
			if err != nil || got.VM.InstanceUUID != bmcs[tt.want].VM.InstanceUUID {
				t.Errorf("got %s/%s, error %v; want %s/%s", got.Tenant, got.Name, err,
					bmcs[tt.want].Tenant, bmcs[tt.want].Name)
			}
		})
	}
}
