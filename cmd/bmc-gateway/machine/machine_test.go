package machine

import (
	"bufio"
	"context"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var (
	images = flag.String("machine", "", "`directory` for the images of the machine, some 4 GB; empty: there is no machine")
	suite  = flag.String("suite", "bookworm", "Debian's `release` in the machine")
	accel  = flag.String("accel", "tcg", "how qemu runs it: tcg works everywhere, kvm is `faster`")
)

// bootLimit is for a host without KVM that is busy besides: each boot takes half a
// minute there when it is not.
const bootLimit = 20 * time.Minute

// The hardware addresses of the machine's two network cards, which hang on one wire.
const (
	nearMAC = "52:54:00:62:30:01" // the gateway's host's
	farMAC  = "52:54:00:62:30:02" // the clients'
)

// TestMachine boots the machine twice, which runs the tests inside, and looks at
// what was on its wire.
func TestMachine(t *testing.T) {
	if *images == "" {
		t.Skip("only with -machine; make machine")
	}
	for _, tool := range []string{"qemu-system-x86_64", "qemu-img", "mmdebstrap", "mke2fs", "make"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("%s is not installed: qemu-system-x86, qemu-utils, mmdebstrap, e2fsprogs and make are needed", tool)
		}
	}
	if os.Geteuid() != 0 {
		t.Fatal("mmdebstrap and the file systems want root")
	}
	m := newMachine(t)
	m.boot(t, "the first hour", "TestInside")
	m.boot(t, "after a reboot", "TestReboot")
	if !t.Failed() {
		checkTrunk(t, filepath.Join(m.dir, "TestInside.pcap"))
	}
}

// A machine is a disk that outlives its boots, until the test ends.
type machine struct {
	image image
	dir   string
	seed  string // the disk with the packages and this test
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	m := &machine{image: newImage(t, filepath.Join(*images, *suite)), dir: t.TempDir()}
	m.seed = filepath.Join(m.dir, "seed.ext4")
	makeSeed(t, m.seed)
	run(t, "qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", m.image.disk, m.disk())
	return m
}

func (m *machine) disk() string { return filepath.Join(m.dir, "disk.qcow2") }

// boot runs a test inside and fails with it.
func (m *machine) boot(t *testing.T, name, inside string) {
	t.Helper()
	if t.Failed() {
		t.Logf("%s: not tried", name)
		return
	}
	t.Run(name, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), bootLimit)
		defer cancel()
		console := filepath.Join(*images, *suite, "console.log")
		cmd := exec.CommandContext(ctx, "qemu-system-x86_64", m.arguments(console, inside)...)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		last := follow(t, out)
		if err := cmd.Wait(); err != nil {
			t.Errorf("qemu: %v", err)
		}
		if last != "PASS" {
			text, _ := os.ReadFile(console)
			t.Errorf("inside it failed; the console, %s, ends with\n%s", console, text[max(0, len(text)-2000):])
		}
	})
}

// arguments are qemu's: what the kernel and systemd say goes to the console's file,
// what the test says to standard output.
func (m *machine) arguments(console, inside string) []string {
	return []string{
		"-machine", "pc", "-accel", *accel, "-cpu", "max", "-smp", "2", "-m", "1536",
		"-nodefaults", "-nographic", "-no-reboot",
		"-kernel", m.image.kernel, "-initrd", m.image.initrd, "-append", "root=/dev/vda rw console=ttyS0 panic=-1 machine.test=" + inside,
		"-drive", "if=virtio,format=qcow2,file=" + m.disk(),
		"-drive", "if=virtio,format=raw,readonly=on,file=" + m.seed,
		"-serial", "file:" + console, "-serial", "stdio",
		"-netdev", "hubport,id=near,hubid=0", "-device", "virtio-net-pci,netdev=near,mac=" + nearMAC,
		"-netdev", "hubport,id=far,hubid=0", "-device", "virtio-net-pci,netdev=far,mac=" + farMAC,
		"-object", "filter-dump,id=dump,netdev=near,file=" + filepath.Join(m.dir, inside+".pcap"),
	}
}

// follow shows what the test says, and returns the last line of it.
func follow(t *testing.T, out io.Reader) (last string) {
	t.Helper()
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if line := strings.TrimRight(lines.Text(), "\r"); line != "" {
			last = line
			t.Log(line)
		}
	}
	return last
}

// run returns what a program prints, and ends the test if it fails.
func run(t testing.TB, name string, words ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, words...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(words, " "), err, out)
	}
	return string(out)
}
