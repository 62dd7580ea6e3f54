package vspheretest

import (
	"fmt"
	"net/http"
)

// HideVMs is a role that has been taken away: vCenter answers, and names no VM.
// show gives it back.
func (v *VCenter) HideVMs() (show func()) {
	v.hub.blind(true)
	return func() { v.hub.blind(false) }
}

// DeleteCategory deletes a tag category with all its tags.
func (v *VCenter) DeleteCategory(name string) error {
	v.inventory.Lock()
	defer v.inventory.Unlock()
	id, err := v.named("category", name, "")
	if err == nil && id == "" {
		err = fmt.Errorf("category %q: no such category", name)
	}
	if err != nil {
		return err
	}
	return v.rest(http.MethodDelete, "category/id:"+id, nil, nil)
}
