package vspheretest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/vmware/govmomi/vapi/rest"
)

// ownREST is the session this package uses on its own tagging service.
const ownREST = "vspheretest"

// Tag attaches a tag, named "category/name", to VMs. It creates category and
// tag when they are missing; with no VM that is all it does. vCenter posts an
// event for each VM, after the fact.
func (v *VCenter) Tag(tag string, vms ...string) error {
	id, err := v.tagID(tag, true)
	if err != nil {
		return err
	}
	return v.associate(id, "attach", vms)
}

// Untag detaches a tag from VMs. The tag stays.
func (v *VCenter) Untag(tag string, vms ...string) error {
	id, err := v.tagID(tag, false)
	if err != nil {
		return err
	}
	return v.associate(id, "detach", vms)
}

func (v *VCenter) associate(tag, action string, vms []string) error {
	for _, name := range vms {
		vm, err := v.find(name)
		if err != nil {
			return err
		}
		body := map[string]any{"object_id": map[string]string{"type": vm.Self.Type, "id": vm.Self.Value}}
		if err := v.rest(http.MethodPost, "tag-association/id:"+tag+"?~action="+action, body, nil); err != nil {
			return err
		}
		v.registry.WithLock(v.context(), vm, func() { v.postTag(vm, action) })
	}
	return nil
}

// tagID resolves "category/name" and, when told to, creates what is missing.
func (v *VCenter) tagID(tag string, create bool) (string, error) {
	category, name, ok := strings.Cut(tag, "/")
	if !ok {
		return "", fmt.Errorf("tag %q: want category/name", tag)
	}
	v.inventory.Lock()
	defer v.inventory.Unlock()
	categoryID, err := v.named("category", category, "")
	if err != nil {
		return "", err
	}
	if categoryID == "" && create {
		err = v.rest(http.MethodPost, "category", map[string]any{"create_spec": map[string]any{
			"name": category, "cardinality": "MULTIPLE", "associable_types": []string{"VirtualMachine"},
		}}, &categoryID)
		if err != nil {
			return "", err
		}
	}
	id, err := v.named("tag", name, categoryID)
	if err != nil || id != "" {
		return id, err
	}
	if !create {
		return "", fmt.Errorf("tag %q: no such tag", tag)
	}
	err = v.rest(http.MethodPost, "tag", map[string]any{"create_spec": map[string]any{
		"name": name, "category_id": categoryID,
	}}, &id)
	return id, err
}

// named finds a category or a tag by its name; "" when there is none.
func (v *VCenter) named(kind, name, category string) (string, error) {
	var ids []string
	if err := v.rest(http.MethodGet, kind, nil, &ids); err != nil {
		return "", err
	}
	for _, id := range ids {
		var got struct {
			Name     string `json:"name"`
			Category string `json:"category_id"`
		}
		if err := v.rest(http.MethodGet, kind+"/id:"+id, nil, &got); err != nil {
			return "", err
		}
		if got.Name == name && (kind == "category" || got.Category == category) {
			return id, nil
		}
	}
	return "", nil
}

// rest calls the tagging service in process: no network to be down, no call counted.
func (v *VCenter) rest(method, resource string, in, out any) error {
	v.editREST(func(sessions map[string]*rest.Session) {
		now := time.Now()
		sessions[ownREST] = &rest.Session{User: ownREST, Created: now, LastAccessed: now}
	})
	body := new(bytes.Buffer)
	if in != nil {
		if err := json.NewEncoder(body).Encode(in); err != nil {
			return err
		}
	}
	req, err := http.NewRequest(method, rest.Path+"/com/vmware/cis/tagging/"+resource, body)
	if err != nil {
		return err
	}
	req.Header.Set("vmware-api-session-id", ownREST)
	res := &answer{header: make(http.Header), status: http.StatusOK}
	v.tagging.ServeHTTP(res, req)
	if res.status != http.StatusOK {
		return fmt.Errorf("%s %s: %s: %s", method, resource, http.StatusText(res.status), res.body.String())
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(res.body.Bytes(), &struct {
		Value any `json:"value"`
	}{out})
}

// answer is an http.ResponseWriter into memory.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(p []byte) (int, error) { return a.body.Write(p) }
