package vsphere

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// listening returns a watcher that has just asked for everything.
func listening(m *memory) *watcher {
	return &watcher{
		cfg: Config{Log: slog.New(slog.DiscardHandler)}, mem: m, link: new(link),
		col:  &collector{vms: "filter", folders: make(map[string]Folder), placed: make(map[Folder]placement)},
		seen: &census{vms: make(map[string]bool), folders: make(map[Folder]map[string]bool)},
	}
}

func page(version string, truncated bool, updates ...types.ObjectUpdate) *types.UpdateSet {
	return &types.UpdateSet{Version: version, Truncated: &truncated, FilterSet: []types.PropertyFilterUpdate{{
		Filter: types.ManagedObjectReference{Type: "PropertyFilter", Value: "filter"}, ObjectSet: updates,
	}}}
}

func TestTake(t *testing.T) {
	a, b := arrive("vm-1", "a", "u1", "poweredOn"), arrive("vm-2", "b", "u2", "poweredOn")
	tests := []struct {
		name      string
		known     []types.ObjectUpdate
		answers   []*types.UpdateSet
		connected bool
		vms       int
	}{
		{"one page", nil, []*types.UpdateSet{page("1", false, a, b)}, true, 2},
		{"the first of two pages proves nothing", nil, []*types.UpdateSet{page("1", true, a)}, false, 1},
		{"two pages", nil, []*types.UpdateSet{page("1", true, a), page("2", false, b)}, true, 2},
		{"a full page and then nothing", nil, []*types.UpdateSet{page("1", true, a), nil}, true, 1},
		{"what one answer does not name is kept", []types.ObjectUpdate{a, b}, []*types.UpdateSet{page("1", false, b)}, true, 2},
		{"what left between the pages is gone", nil, []*types.UpdateSet{page("1", true, a, b), page("2", false, update(leave, "vm-1"))}, true, 1},
		{"a vCenter without VMs", nil, []*types.UpdateSet{nil}, true, 0},
		{"VMs known and nothing said", []types.ObjectUpdate{a}, []*types.UpdateSet{nil, nil}, false, 1},
		{"VMs known and an empty answer", []types.ObjectUpdate{a}, []*types.UpdateSet{page("1", false)}, false, 1},
		{"three empty answers", []types.ObjectUpdate{a}, []*types.UpdateSet{page("1", false), page("2", false), page("3", false)}, true, 0},
		{"nothing said three times", []types.ObjectUpdate{a}, []*types.UpdateSet{nil, nil, nil}, true, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := newMemory(time.Minute, nil)
			m.open("vc")
			m.apply(tt.known, time.Now())
			w := listening(m)
			for _, set := range tt.answers {
				w.take(set, time.Now())
			}
			_, vms, answered := m.about()
			if connected := w.link.check() == nil; connected != tt.connected || !answered.IsZero() != tt.connected || vms != tt.vms {
				t.Errorf("connected %v, answered %v, %d VMs, want %v and %d VMs", connected, answered, vms, tt.connected, tt.vms)
			}
		})
	}
}

// A vCenter that ends sessions is there; one that does nothing else is of no use.
func TestLostSessionsAreNoOutage(t *testing.T) {
	w := listening(newMemory(time.Minute, nil))
	w.link.good(time.Now())
	lost := soapError(&types.NotAuthenticated{})
	for n := 1; n <= lostSessions; n++ {
		w.failed(lost, n)
		if err := w.link.check(); err != nil {
			t.Fatalf("after %d lost sessions: %v", n, err)
		}
	}
	if w.failed(lost, lostSessions+1); w.link.check() == nil {
		t.Errorf("still there after %d lost sessions and no answer", lostSessions+1)
	}
	w.link.good(time.Now())
	w.conn = new(conn)
	w.failed(soapError(&types.SystemError{}), 1)
	if w.failed(soapError(&types.SystemError{}), 2); w.link.check() == nil {
		t.Error("still there after two faults of another kind")
	}
}

// What vCenter refuses, for whatever reason, is built anew; silence is waited out.
func TestDrop(t *testing.T) {
	cfg := Config{Log: slog.New(slog.DiscardHandler), URL: &url.URL{Scheme: "https", Host: "127.0.0.1:1"}, CallTimeout: time.Second}
	tests := []struct {
		name  string
		err   error
		keeps bool
	}{
		{"no answer", &timeoutError{method: "WaitForUpdatesEx"}, true},
		{"a proxy's answer", errors.New("503 Service Unavailable"), true},
		{"a fault", soapError(&types.RequestCanceled{}), false},
		{"a fault without detail", soap.WrapSoapFault(&soap.Fault{Code: "ServerFaultCode", String: "boom"}), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := listening(newMemory(time.Minute, nil))
			w.conn = &conn{cfg: cfg, soap: newSOAP(cfg, &http.Transport{})}
			w.col.conn = w.conn
			if err := w.drop(t.Context(), tt.err); !errors.Is(err, tt.err) {
				t.Errorf("err = %v, want it handed on", err)
			}
			if keeps := w.col != nil; keeps != tt.keeps || w.conn == nil {
				t.Errorf("collector kept: %v, want %v; session kept: %v, want true", keeps, tt.keeps, w.conn != nil)
			}
		})
	}
}
