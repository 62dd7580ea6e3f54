package vsphere

import (
	"context"
	"fmt"
	"strings"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// place looks the folder up by its path and watches its members. It returns why
// that is not possible as problem, and an error only when vCenter failed. moved
// says that the members known before are not this folder's.
func (col *collector) place(ctx context.Context, f Folder) (moved bool, problem string, err error) {
	old, was := col.placed[f]
	ref, err := col.conn.lookUp(ctx, col.conn, f.Path)
	switch {
	case isDenied(err):
		problem = denied
	case err != nil:
		return false, "", err
	case ref == nil:
		problem = "not found"
	case ref.Type != "Folder":
		problem = fmt.Sprintf("is a %s, not a folder", ref.Type)
	case was && old.folder == *ref:
		return false, "", nil
	}
	if was {
		if err := col.unplace(ctx, f, old); err != nil {
			return true, problem, err
		}
	}
	if problem != "" {
		return was, problem, nil
	}
	p, err := col.watch(ctx, *ref, f.Recursive, nil)
	if isDenied(err) {
		return was, denied, nil
	}
	if err != nil {
		return was, "", err
	}
	col.placed[f], col.folders[p.filter.Value] = p, f
	return was, "", nil
}

// denied is why a folder is not watched that the account may not look into. It is
// a problem of that folder: the watch over all others goes on.
const denied = "permission denied by vCenter"

func isDenied(err error) bool {
	_, no := faultOf(err).(types.BaseNoPermission)
	return no && !isExpired(err)
}

func (col *collector) unplace(ctx context.Context, f Folder, p placement) error {
	delete(col.placed, f)
	delete(col.folders, p.filter.Value)
	if _, err := methods.DestroyPropertyFilter(ctx, col.conn, &types.DestroyPropertyFilter{This: p.filter}); err != nil {
		return err
	}
	return destroyView(ctx, col.conn, p.view)
}

// lookUp returns the object at an inventory path, nil if there is none. The path
// may be spelled as vCenter keeps it or as the client shows it; only a slash in
// a name must be written %2f.
func (c *conn) lookUp(ctx context.Context, rt soap.RoundTripper, path string) (*types.ManagedObjectReference, error) {
	path = strings.Trim(path, "/")
	encoded := strings.NewReplacer("%", "%25", `\`, "%5c").Replace(path)
	for _, p := range []string{path, encoded} {
		res, err := methods.FindByInventoryPath(ctx, rt, &types.FindByInventoryPath{
			This: *c.content.SearchIndex, InventoryPath: p,
		})
		if err != nil {
			return nil, err
		}
		if res.Returnval != nil {
			return res.Returnval, nil
		}
		if encoded == path {
			break
		}
	}
	return nil, nil
}
