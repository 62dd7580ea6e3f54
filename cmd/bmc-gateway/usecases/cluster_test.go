package usecases

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/lab"
)

// A cluster is corosync and Pacemaker on two nodes, which are VMs of a lab as far
// as anybody can tell from their BMCs.
type cluster struct {
	dir   string // of configuration and logs
	nodes map[string]*clusterNode
}

// A clusterNode is all processes of a node; they end with the first.
type clusterNode struct {
	process *exec.Cmd
	ended   chan struct{}
}

// corosyncConf has the token lost after 5 s: nobody else on this machine waits
// as long for a processor, or the wrong node would be fenced.
const corosyncConf = `totem {
  version: 2
  cluster_name: lab
  transport: knet
  crypto_cipher: none
  crypto_hash: none
  token: 5000
}
quorum {
  provider: corosync_votequorum
  two_node: 1
  wait_for_all: 0
}
logging {
  to_stderr: yes
  to_syslog: no
}
nodelist {
%s}
`

// cib is what a node begins with. It does not wait 20 s for others to be there
// before it elects a coordinator.
const cib = `<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="1" num_updates="0" admin_epoch="0">
  <configuration>
    <crm_config>
      <cluster_property_set id="cib-bootstrap-options">
        <nvpair id="cib-bootstrap-options-dc-deadtime" name="dc-deadtime" value="3s"/>
      </cluster_property_set>
    </crm_config>
    <nodes/>
    <resources/>
    <constraints/>
  </configuration>
  <status/>
</cib>
`

// newCluster prepares a cluster of VMs; its nodes are to be started.
func newCluster(t *testing.T, l *lab.Lab, vms ...string) *cluster {
	t.Helper()
	c := &cluster{dir: t.TempDir(), nodes: make(map[string]*clusterNode)}
	t.Cleanup(func() {
		for _, node := range c.nodes {
			node.crash()
		}
	})
	var list strings.Builder
	for n, vm := range vms {
		at := l.BMC(vm).Address.As4()
		at[3] = byte(250 + n) // beside the BMCs
		fmt.Fprintf(&list, "  node {\n    name: %s\n    nodeid: %d\n    ring0_addr: %s\n  }\n", vm, n+1, netip.AddrFrom4(at))
	}
	c.write(t, "cib.xml", cib, 0o644)
	c.write(t, "corosync.conf", fmt.Sprintf(corosyncConf, list.String()), 0o644)
	return c
}

func (c *cluster) write(t *testing.T, name, text string, mode os.FileMode) {
	t.Helper()
	path := filepath.Join(c.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// boot starts a node. It ends with the cluster, or by crash.
func (c *cluster) boot(t *testing.T, name string) {
	t.Helper()
	script, err := filepath.Abs(filepath.Join("testdata", "cluster-node"))
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.OpenFile(filepath.Join(c.dir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd := exec.Command(script, name, c.dir)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.Env = lab.Environment("/root")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS,
		Setsid:     true,
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("namespaces for a node: %v", err)
	}
	node := &clusterNode{process: cmd, ended: make(chan struct{})}
	go func() {
		defer close(node.ended)
		_ = cmd.Wait() // it is killed
	}()
	c.nodes[name] = node
}

// crash ends all processes of a node at once.
func (n *clusterNode) crash() {
	_ = n.process.Process.Kill()
	<-n.ended
}

// run runs a line on a node, with the node's view of files and processes.
func (c *cluster) run(ctx context.Context, name, line string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	node := c.nodes[name]
	cmd := exec.CommandContext(ctx, "nsenter", "-t", strconv.Itoa(node.process.Process.Pid), "-m", "-p", "-i", "-u", "sh", "-c", line)
	cmd.Env = lab.Environment("/root")
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// must runs a line that has to succeed.
func (c *cluster) must(t *testing.T, name, line string) string {
	t.Helper()
	out, err := c.run(t.Context(), name, line)
	t.Logf("%s# %s\n%s", name, line, out)
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return out
}

// shows waits until the cluster's own status has all the words.
func (c *cluster) shows(t *testing.T, name string, words ...string) {
	t.Helper()
	lab.Until(t, "the cluster shows "+strings.Join(words, ", "), func() error {
		out, err := c.run(t.Context(), name, "crm_mon -1")
		for _, w := range words {
			if !strings.Contains(strings.Join(strings.Fields(out), " "), w) {
				err = errors.Join(err, fmt.Errorf("no %q in:\n%s", w, out))
			}
		}
		return err
	})
}

// log is what a node has logged, for when something went wrong.
func (c *cluster) log(t *testing.T, name string) {
	for _, kind := range []string{".log", ".corosync.log", ".pacemaker.log"} {
		text, _ := os.ReadFile(filepath.Join(c.dir, name+kind))
		var lines []string
		for line := range strings.Lines(string(text)) {
			if !strings.Contains(line, "info:") {
				lines = append(lines, line)
			}
		}
		t.Logf("%s%s\n%s", name, kind, strings.Join(lines[max(0, len(lines)-60):], ""))
	}
}
