package vsphere

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
	"github.com/vmware/govmomi/vim25/types"
)

// hung is a vCenter that implements no SendNMI, with the route by the host.
func hung(t *testing.T) (*lab, *vspheretest.ESXi) {
	t.Helper()
	l := newLab(t, 1)
	host, err := l.ServeESXi()
	must(t, err)
	l.ready(func(c *Config) { c.HungVMRoute = true })
	l.Inject(vspheretest.Fault{Method: "SendNMI", Fault: &types.NotImplemented{}})
	return l, host
}

func TestHungVMRoute(t *testing.T) {
	l, _ := hung(t)
	for n := 1; n <= 2; n++ {
		must(t, l.v.NMI(t.Context(), l.key("lab-01")))
		if got := l.NMIs("lab-01"); got != n {
			t.Errorf("%d NMIs, want %d", got, n)
		}
	}
	if n := l.Calls()["SendNMI"]; n != 1 {
		t.Errorf("SendNMI was tried %d times, want once for this build", n)
	}
}

// Where vCenter can do it, no host is asked.
func TestSendNMIComesBeforeTheHungVMRoute(t *testing.T) {
	l := newLab(t, 1).ready(func(c *Config) { c.HungVMRoute = true })
	must(t, l.v.NMI(t.Context(), l.key("lab-01")))
	if n := l.Calls()["AcquireGenericServiceTicket"]; n != 0 {
		t.Errorf("%d tickets", n)
	}
}

func TestHungVMRouteFails(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*lab, *vspheretest.ESXi)
		want   error
		words  string
	}{
		{"another certificate", func(_ *lab, e *vspheretest.ESXi) { e.Forget() }, ErrFailed, "thumbprint"},
		{"no certificate known", func(l *lab, e *vspheretest.ESXi) { e.Introduce("127.0.0.1:1", "") }, ErrFailed, "does not tell the certificate"},
		{"nobody there", func(l *lab, e *vspheretest.ESXi) { e.Introduce("127.0.0.1:1", strings.Repeat("AB:", 19)+"AB") }, ErrFailed, "refused"},
		{"ticket refused", func(_ *lab, e *vspheretest.ESXi) { e.Refuse(http.StatusForbidden) }, ErrDenied, "403"},
		{"no such script", func(_ *lab, e *vspheretest.ESXi) { e.Refuse(http.StatusNotFound) }, ErrUnsupported, "404"},
		{"host in trouble", func(_ *lab, e *vspheretest.ESXi) { e.Refuse(http.StatusInternalServerError) }, ErrFailed, "500"},
		{"no privilege for the ticket", func(l *lab, _ *vspheretest.ESXi) {
			l.Inject(vspheretest.Fault{Method: "AcquireGenericServiceTicket", Fault: &types.NoPermission{PrivilegeId: "Global.Diagnostics"}})
		}, ErrDenied, "NoPermission"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, host := hung(t)
			tt.change(l, host)
			err := l.v.NMI(t.Context(), l.key("lab-01"))
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.words) {
				t.Errorf("got %v, want %v with %q", err, tt.want, tt.words)
			}
			if n := l.NMIs("lab-01"); n != 0 {
				t.Errorf("%d NMIs", n)
			}
		})
	}
}

// A vCenter that has said it has no SendNMI is not asked again before it is
// another build, which shows at the next login.
func TestNMIProbe(t *testing.T) {
	l := newLab(t, 1).ready()
	key := l.key("lab-01")
	remove := l.Inject(vspheretest.Fault{Method: "SendNMI", Fault: &types.MethodNotFound{}})
	for range 3 {
		if err := l.v.NMI(t.Context(), key); !errors.Is(err, ErrUnsupported) {
			t.Fatalf("got %v, want ErrUnsupported", err)
		}
	}
	remove()
	if err := l.v.NMI(t.Context(), key); !errors.Is(err, ErrUnsupported) {
		t.Errorf("same build: %v, want ErrUnsupported", err)
	}
	if n := l.Calls()["SendNMI"]; n != 1 {
		t.Errorf("asked %d times, want once", n)
	}
	l.SetBuild("24022515")
	l.KillSessions()
	l.eventually("asked again after an upgrade", func() error {
		if _, err := l.v.Boot(t.Context(), key); err != nil { // finds the session gone
			return err
		}
		return l.v.NMI(t.Context(), key)
	})
	if n := l.NMIs("lab-01"); n != 1 {
		t.Errorf("%d NMIs, want 1", n)
	}
}

func TestPathOnHost(t *testing.T) {
	stores := []types.VirtualMachineConfigInfoDatastoreUrlPair{
		{Name: "fast", Url: "/vmfs/volumes/5f-1/"}, {Name: "vsan", Url: "ds:///vmfs/volumes/vsan:52/"},
	}
	for path, want := range map[string]string{
		"[fast] a b/a.vmx": "/vmfs/volumes/5f-1/a b/a.vmx",
		"[vsan] x/x.vmx":   "/vmfs/volumes/vsan:52/x/x.vmx",
		"[gone] x/x.vmx":   "[gone] x/x.vmx",
	} {
		if got := onHost(path, stores); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}
