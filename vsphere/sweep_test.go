package vsphere

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

// A complete answer that leaves some VMs out takes none away before others have
// left it out as well. Until then nobody vouches for its state.
func TestLossyAnswers(t *testing.T) {
	f := Folder{Path: "/dc/vm/a"}
	all := []string{"vm-1", "vm-2"}
	tests := []struct {
		name    string
		answers [][]string // what each names
		known   [][]string // after it
	}{
		{"whole", [][]string{all, all}, [][]string{all, all}},
		{"one lossy answer", [][]string{{"vm-1"}, all, {"vm-1"}, {"vm-1"}, all}, [][]string{all, all, all, all, all}},
		{"gone", [][]string{{"vm-1"}, {"vm-1"}, {"vm-1"}}, [][]string{all, all, {"vm-1"}}},
		{"nothing", [][]string{nil, nil, nil}, [][]string{all, all, nil}},
		{"less and less", [][]string{{"vm-1"}, nil, nil}, [][]string{all, all, nil}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := newMemory(time.Minute, []Folder{f})
			w := &watcher{
				cfg: Config{Log: slog.New(slog.DiscardHandler)}, mem: m, link: new(link),
				col: &collector{vms: "all", folders: map[string]Folder{"in": f}, placed: map[Folder]placement{f: {}}},
			}
			m.open("vc")
			for n, named := range append([][]string{all}, tt.answers...) {
				w.seen = &census{vms: make(map[string]bool), folders: make(map[Folder]map[string]bool)}
				vms, members := types.PropertyFilterUpdate{}, types.PropertyFilterUpdate{}
				vms.Filter.Value, members.Filter.Value = "all", "in"
				for _, ref := range named {
					vms.ObjectSet = append(vms.ObjectSet, arrive(ref, ref, "u"+ref, "poweredOff"))
					members.ObjectSet = append(members.ObjectSet, update(enter, ref))
				}
				set := &types.UpdateSet{Version: "1", FilterSet: []types.PropertyFilterUpdate{vms, members}}
				believed := w.take(set, time.Now())
				if n == 0 {
					continue
				}
				known := tt.known[n-1]
				lost := len(known) > len(named)
				if believed == lost || (w.version == "") != lost {
					t.Errorf("answer %d: believed %t, asked for again %t, want the contrary", n, believed, w.version == "")
				}
				if got := names(t, m); len(got) != len(known) || len(m.folders[f].refs) != len(known) {
					t.Errorf("answer %d: VMs %v in folder %v, want %v", n, got, m.folders[f].refs, known)
				}
				if _, err := m.state(key("uvm-2")); lost && len(named) > 0 && !errors.Is(err, ErrStale) {
					t.Errorf("answer %d: state of the lost one: %v, want ErrStale", n, err)
				}
			}
		})
	}
}
