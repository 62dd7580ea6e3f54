package docstest

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a command may take. Nothing in a page takes half of it.
const patience = 90 * time.Second

// tools are the programs that a world is made of, and those of the pages.
var tools = []string{"unshare", "ip", "ipmitool", "ipmipower", "ipmi-chassis-config", "baremetal", "bmc-info", "curl", "jq", "nft", "openssl", "promtool", "setsid", "fence_ipmilan", "htpasswd", "logrotate"}

// repository is the root of the source.
var repository = sync.OnceValues(func() (string, error) { return filepath.Abs("../../..") })

// build makes the program once for all pages, in a directory that also has the
// world's own commands.
var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "docstest")
	if err != nil {
		return "", err
	}
	if err := os.CopyFS(dir, os.DirFS("testdata/commands")); err != nil {
		return "", err
	}
	cmd := exec.Command("go", "build", "-o", filepath.Join(dir, "bmc-gateway"), "github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return dir, nil
})

// A world is where the commands of one page are executed.
type world struct {
	dir   string // of the commands and what they print
	cmd   *exec.Cmd
	files *os.File // names of files with commands, to the shell
	codes *os.File // their exit codes
	lines *bufio.Reader
	count int
}

// newWorld makes one, or skips the test where that is impossible.
func newWorld(t *testing.T) *world {
	t.Helper()
	bin, err := build()
	if err != nil {
		t.Fatal(err)
	}
	root, err := repository()
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{dir: t.TempDir()}
	w.cmd = exec.Command("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "bash", filepath.Join(root, "cmd/bmc-gateway/docstest/testdata/world.sh"))
	w.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // who asks for a password shall ask stdin, not a terminal
	w.cmd.Env = append(os.Environ(), "WORLD="+t.TempDir(), "BIN="+bin, "SELF="+self, "REPOSITORY="+root, "IPMI_PASSWORD="+operatorPassword)
	if err := w.start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.end(t) })
	return w
}

func (w *world) start() error {
	input, files, err := os.Pipe()
	if err != nil {
		return err
	}
	defer input.Close()
	codes, output, err := os.Pipe()
	if err != nil {
		return errors.Join(err, files.Close())
	}
	defer output.Close()
	w.files, w.codes, w.lines = files, codes, bufio.NewReader(codes)
	log, err := os.Create(filepath.Join(w.dir, "log"))
	if err != nil {
		return err
	}
	defer log.Close()
	w.cmd.Stdout, w.cmd.Stderr = log, log
	w.cmd.ExtraFiles = []*os.File{input, output} // 3 and 4
	return w.cmd.Start()
}

// end kills the world, which is all that was started in it.
func (w *world) end(t *testing.T) {
	t.Helper()
	_ = w.cmd.Process.Kill() // unshare takes its child with it
	_ = w.cmd.Wait()
	w.files.Close()
	w.codes.Close()
}

// run executes a command in the page's shell and returns what it printed.
func (w *world) run(command, stdin string) (printed string, code int, err error) {
	w.count++
	file := filepath.Join(w.dir, strconv.Itoa(w.count))
	for name, text := range map[string]string{file: command + "\n", file + ".in": stdin, file + ".out": ""} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			return "", 0, err
		}
	}
	if _, err := fmt.Fprintln(w.files, file); err != nil {
		return "", 0, err
	}
	if err := w.codes.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return "", 0, err
	}
	line, err := w.lines.ReadString('\n')
	out, _ := os.ReadFile(file + ".out")
	if err != nil {
		log, _ := os.ReadFile(filepath.Join(w.dir, "log"))
		return "", 0, fmt.Errorf("no end of %q: %w: %s%s", command, err, out, log)
	}
	code, err = strconv.Atoi(strings.TrimSpace(line))
	return string(out), code, err
}
