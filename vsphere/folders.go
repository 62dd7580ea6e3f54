package vsphere

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

const (
	folderCheck = 10 * time.Minute // between two look-ups of folder paths
	folderRetry = 15 * time.Second // the same while a folder is missing
	folderPause = 2 * time.Second  // and while folders are renamed, moved, created or deleted
	viewLag     = 2 * time.Second  // how long a view may take to follow a move
)

// A folderWatch is what the watch knows of the folders it looks into.
type folderWatch struct {
	checked time.Time // when they were looked up
	missing bool      // one of them was not found
	retried time.Time // when it was looked up
	stirred bool      // a path may lead elsewhere since then
	wanted  *Wanted   // what it looks for
	doubt   time.Time // when views are to be compared with what VMs say; zero: no reason to
}

// restless reports whether something is to be done before long.
func (fw folderWatch) restless() bool { return fw.stirred || !fw.doubt.IsZero() }

// lookAtFolders looks up where the paths of folders lead when that may have
// changed, and makes views anew that do not follow moves.
func (w *watcher) lookAtFolders(ctx context.Context) error {
	fw := &w.folders
	if now := w.wants.now(); now != fw.wanted {
		if err := w.follow(ctx, now); err != nil {
			return err
		}
		if !fw.checked.IsZero() {
			return w.placeFolders(ctx, false)
		}
	}
	every := folderCheck
	if w.col.tree == "" { // nobody tells of a rename
		every = time.Minute
	}
	switch age := time.Since(fw.checked); {
	case age > every || fw.stirred && age > folderPause:
		return w.placeFolders(ctx, true)
	case fw.missing && time.Since(fw.retried) > folderRetry:
		return w.placeFolders(ctx, false)
	case fw.doubt.IsZero() || time.Now().Before(fw.doubt):
		return nil
	}
	fw.doubt = time.Time{}
	for _, f := range w.col.contradicted(w.mem) {
		// Its members are swept with the next complete answer, which is asked for at once.
		w.cfg.Log.Debug("view did not follow a move", "vcenter", w.cfg.Name, "folder", f.Path)
		if err := w.col.unplace(ctx, f, w.col.placed[f]); err != nil {
			return err
		}
		w.version = ""
	}
	if w.version == "" {
		return w.placeFolders(ctx, false)
	}
	return nil
}

// placeFolders looks up all folders, or those alone that are not watched.
func (w *watcher) placeFolders(ctx context.Context, all bool) error {
	missing, began := false, time.Now()
	for _, f := range w.folders.wanted.Folders {
		if _, placed := w.col.placed[f]; placed && !all {
			continue
		}
		moved, problem, err := w.col.place(ctx, f)
		if moved || problem != "" {
			w.mem.misplace(f, problem)
			w.mem.changed.raise()
		}
		if err != nil {
			return err
		}
		missing = missing || problem != ""
	}
	// Not before the last: a folder left out would look empty in the next answer.
	w.folders.missing, w.folders.retried = missing, began
	if all {
		w.folders.checked, w.folders.stirred = began, false
	}
	return nil
}

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
	p, err := col.watchVMs(ctx, *ref, f.Recursive, nil)
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

// A membership is which VMs lie in a folder.
type membership struct {
	refs    map[string]bool
	ready   bool   // refs is complete
	problem string // why it is not; empty: not known yet
}

// misplace notes that a folder's members are not known, and why.
func (m *memory) misplace(f Folder, problem string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	*m.folders[f] = membership{refs: make(map[string]bool), problem: problem}
}
