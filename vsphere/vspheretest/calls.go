package vspheretest

import (
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// calls counts requests by method and holds the status that refuses them all.
type calls struct {
	mu     sync.Mutex
	counts map[string]int
	ids    map[string][]string // operation ids by method, the last idsKept
	refuse int
}

// idsKept is how many operation ids are known of each method.
const idsKept = 1000

// add counts a call; id is its operation id, if it has one.
func (c *calls) add(method, id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if id != "" {
		if c.ids == nil {
			c.ids = make(map[string][]string)
		}
		ids := append(c.ids[method], id)
		c.ids[method] = ids[max(0, len(ids)-idsKept):]
	}
	if c.counts == nil {
		c.counts = make(map[string]int)
	}
	c.counts[method]++
}

func (c *calls) refusal() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.refuse
}

// Calls returns how often each method was called since the start or the last
// ResetCalls, refused calls included. SOAP methods go by their name
// ("PowerOnVM_Task"), REST calls by verb, resource and action ("POST session",
// "GET category", "POST tag-association list-attached-objects-on-tags").
func (v *VCenter) Calls() map[string]int {
	v.calls.mu.Lock()
	defer v.calls.mu.Unlock()
	return maps.Clone(v.calls.counts)
}

// ResetCalls starts the counts of Calls from zero.
func (v *VCenter) ResetCalls() {
	v.calls.mu.Lock()
	defer v.calls.mu.Unlock()
	v.calls.counts, v.calls.ids = nil, nil
}

// OperationIDs returns the operation ids that calls of a SOAP method came with, as
// vCenter's log would show them: the last thousand since the start or the last
// ResetCalls, oldest first.
func (v *VCenter) OperationIDs(method string) []string {
	v.calls.mu.Lock()
	defer v.calls.mu.Unlock()
	return slices.Clone(v.calls.ids[method])
}

// Refuse answers every request with an HTTP status, as the proxy in front of a
// starting vCenter does with 503. Refuse(0) ends it.
func (v *VCenter) Refuse(status int) {
	v.calls.mu.Lock()
	defer v.calls.mu.Unlock()
	v.calls.refuse = status
}

// restCall names a REST request; false when it is none.
func restCall(r *http.Request) (string, bool) {
	if !strings.HasPrefix(r.URL.Path, "/rest/") && !strings.HasPrefix(r.URL.Path, "/api/") {
		return "", false
	}
	resource := path.Base(r.URL.Path)
	if strings.HasPrefix(resource, "id:") {
		resource = path.Base(path.Dir(r.URL.Path)) + " id"
	}
	name := r.Method + " " + resource
	if action := r.URL.Query().Get("~action"); action != "" {
		name += " " + action
	}
	return name, true
}

// intercept sees every SOAP request before the simulator carries it out: it
// counts, injects faults and puts our own objects in the simulator's place.
// No lock is held here, so a delay holds up nobody else.
func (v *VCenter) intercept(ctx *simulator.Context, m *simulator.Method) (mo.Reference, types.BaseMethodFault) {
	v.calls.add(m.Name, m.Header.ID)
	if f := v.faults.take(m.Name, v.nameOf(m.This), false); f != nil {
		v.pause(f.Delay)
		if f.Fault != nil {
			return nil, f.Fault
		}
	}
	if fault := v.permit(m.Name, m.This); fault != nil {
		return nil, fault
	}
	if ctx.Session != nil {
		v.extend(ctx, m.This, m.Name)
	}
	return nil, nil
}
