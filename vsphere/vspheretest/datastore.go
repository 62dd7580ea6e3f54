package vspheretest

import (
	"os"

	"github.com/vmware/govmomi/simulator"
	"golang.org/x/sys/unix"
)

// memoryDir is a file system in memory on every Linux.
const memoryDir = "/dev/shm"

// storeInMemory moves the datastore's directory into memory. The simulator
// makes five files for each VM; on a slow disk that is most of the time a large
// inventory takes to start. It is called before there is any VM.
func (v *VCenter) storeInMemory() error {
	parent := memoryDir
	const perVM, spare = 64 << 10, 16 << 20
	var fs unix.Statfs_t
	if err := unix.Statfs(parent, &fs); err != nil || fs.Bavail*uint64(fs.Bsize) < uint64(v.cfg.VMs)*perVM+spare {
		parent = "" // the default for temporary files
	}
	dir, err := os.MkdirTemp(parent, "vspheretest-")
	if err != nil && parent != "" {
		dir, err = os.MkdirTemp("", "vspheretest-")
	}
	if err != nil {
		return err
	}
	v.store = dir
	ds := v.registry.Any("Datastore").(*simulator.Datastore)
	v.registry.WithLock(v.context(), ds, func() {
		ds.Summary.Url = dir
		ds.Info.GetDatastoreInfo().Url = dir
	})
	return nil
}
