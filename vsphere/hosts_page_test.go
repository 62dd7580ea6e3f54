package vsphere

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// A pager answers a property read in pages of two objects.
type pager struct {
	objects []types.ObjectContent
	fails   int // at this page, from 0 on; negative: at none
	pages   int
}

func (p *pager) RoundTrip(_ context.Context, _, res soap.HasFault) error {
	page := p.pages
	if p.pages++; page == p.fails {
		return errors.New("no answer")
	}
	r := types.RetrieveResult{Objects: p.objects[2*page : min(2*page+2, len(p.objects))]}
	if 2*page+2 < len(p.objects) {
		r.Token = fmt.Sprint(page)
	}
	switch body := res.(type) {
	case *methods.RetrievePropertiesExBody:
		body.Res = &types.RetrievePropertiesExResponse{Returnval: &r}
	case *methods.ContinueRetrievePropertiesExBody:
		body.Res = &types.ContinueRetrievePropertiesExResponse{Returnval: r}
	default:
		return fmt.Errorf("%T", res)
	}
	return nil
}

// TestRetrieveViewPages: all pages count, and none of them do when one is lost: hosts
// that are not seen would be taken for gone.
func TestRetrieveViewPages(t *testing.T) {
	var objects []types.ObjectContent
	for i := range 5 {
		objects = append(objects, types.ObjectContent{Obj: types.ManagedObjectReference{Type: "HostSystem", Value: fmt.Sprintf("host-%d", i)}})
	}
	read := func(p *pager) ([]types.ObjectContent, error) {
		ref := types.ManagedObjectReference{}
		return retrieveView(t.Context(), p, ref, ref, types.PropertySpec{Type: "HostSystem", PathSet: []string{hostName}})
	}
	whole := &pager{objects: objects, fails: -1}
	got, err := read(whole)
	if err != nil || len(got) != 5 || whole.pages != 3 {
		t.Fatalf("%d objects in %d pages, %v", len(got), whole.pages, err)
	}
	for i, o := range got {
		if o.Obj != objects[i].Obj {
			t.Errorf("object %d is %s", i, o.Obj.Value)
		}
	}
	for page := range 3 {
		if got, err := read(&pager{objects: objects, fails: page}); err == nil || got != nil {
			t.Errorf("without page %d there are %d objects, %v", page, len(got), err)
		}
	}
}
