package vsphere

import (
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

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

// A host that is slow to connect gets no request that the client was told is not made.
func TestHungVMRouteIsGivenUpInTime(t *testing.T) {
	l, host := hung(t)
	l.v.cfg.Limits.Wait = 500 * time.Millisecond
	silent, err := net.Listen("tcp", "127.0.0.1:0") // connects, and says nothing
	must(t, err)
	t.Cleanup(func() { silent.Close() })
	host.Introduce(silent.Addr().String(), strings.Repeat("AB:", 19)+"AB")
	began := time.Now()
	if err := l.v.NMI(t.Context(), l.key("lab-01")); !errors.Is(err, ErrBusy) {
		t.Errorf("got %v, want ErrBusy", err)
	}
	if took, most := time.Since(began), l.v.cfg.DialTimeout; took >= most {
		t.Errorf("given up after %v, which is when the connection was, %v", took, most)
	}
}

// A session that is lost between the turn and the call is not waited for.
func TestNMIWaitsForNoLogin(t *testing.T) {
	l := newLab(t, 1).ready()
	key := l.key("lab-01")
	vm, _, err := l.v.target(key)
	must(t, err)
	c, err := l.v.operations.acquire(t.Context())
	must(t, err)
	l.Inject(vspheretest.Fault{Method: "Login", Delay: 3 * time.Second, Times: 1})
	l.v.operations.expire(c)
	late := &ticket{command: NewCommand("acme"), by: time.Now().Add(200 * time.Millisecond)}
	began := time.Now()
	err = l.v.sendNMI(t.Context(), turn{vm: vm, rt: l.v.operations.sending(key.VCenter, late), conn: c, ticket: late})
	if !errors.Is(err, ErrBusy) {
		t.Errorf("got %v, want ErrBusy", err)
	}
	if took := time.Since(began); took >= 3*time.Second {
		t.Errorf("given up after %v, when the login was over", took)
	}
	if n := l.NMIs("lab-01"); n != 0 {
		t.Errorf("%d NMIs", n)
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
