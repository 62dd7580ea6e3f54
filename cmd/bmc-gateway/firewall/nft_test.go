package firewall

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// A wire is two namespaces with a cable between them: the gateway's host and a client.
type wire struct{ gw, client string }

func newWire(t *testing.T) *wire {
	t.Helper()
	missing := ""
	for _, tool := range []string{"nft", "ip", "bash"} {
		if _, err := exec.LookPath(tool); err != nil {
			missing = tool + " is not installed"
		}
	}
	if os.Geteuid() != 0 {
		missing = "network namespaces need root"
	}
	if missing != "" && os.Getenv("CI") == "true" {
		t.Fatal(missing)
	} else if missing != "" {
		t.Skip(missing)
	}
	w := &wire{gw: fmt.Sprintf("bmcfw%d-gw", os.Getpid()), client: fmt.Sprintf("bmcfw%d-cl", os.Getpid())}
	for _, ns := range []string{w.gw, w.client} {
		run(t, "ip", "netns", "add", ns)
		t.Cleanup(func() { run(t, "ip", "netns", "del", ns) })
	}
	run(t, "ip", "link", "add", "eth0", "netns", w.gw, "type", "veth", "peer", "name", "eth0", "netns", w.client)
	for ns, addresses := range map[string][]string{
		w.gw: {"10.9.0.1/24", "10.9.0.10/32", "10.9.0.11/32", "10.9.0.12/32"}, w.client: {"10.9.0.2/24", "10.9.0.3/24"},
	} {
		for _, a := range addresses {
			run(t, "ip", "-n", ns, "addr", "add", a, "dev", "eth0")
		}
		run(t, "ip", "-n", ns, "link", "set", "eth0", "up")
	}
	return w
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// load gives the rules to the kernel of the gateway's host.
func (w *wire) load(t *testing.T, rules string) {
	t.Helper()
	cmd := exec.Command("ip", "netns", "exec", w.gw, "nft", "-f", "-")
	cmd.Stdin = strings.NewReader(rules)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("nft: %v\n%s\n%s", err, out, rules)
	}
}

// send sends datagrams from the client; that nobody listens is no matter.
func (w *wire) send(t *testing.T, n int, from, to string) {
	t.Helper()
	run(t, "ip", "netns", "exec", w.client, "bash", "-c",
		fmt.Sprintf(`ip route replace 10.9.0.0/24 dev eth0 src %s; exec 3<>/dev/udp/%s; for i in $(seq %d); do printf x >&3 2>/dev/null; done; true`, from, to, n))
}

// answersTCP says whether a TCP connection to the address is answered at all.
func (w *wire) answersTCP(t *testing.T, address string) bool {
	t.Helper()
	out, _ := exec.Command("ip", "netns", "exec", w.client, "timeout", "1", "bash", "-c", "</dev/tcp/"+address).CombinedOutput()
	return strings.Contains(string(out), "refused")
}

// dropped returns how many packets the rules with a comment have dropped.
func (w *wire) dropped(t *testing.T, comment string) (sum int) {
	t.Helper()
	counter := regexp.MustCompile(`counter packets (\d+) bytes \d+ drop comment "` + comment + `"`)
	for _, m := range counter.FindAllStringSubmatch(run(t, "ip", "netns", "exec", w.gw, "nft", "list", "table", "inet", "bmc_gateway"), -1) {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			t.Fatal(err)
		}
		sum += n
	}
	return sum
}

func TestKernelFollowsTheRules(t *testing.T) {
	w := newWire(t)
	text, err := Rules(config(t), Limit{PerSecond: 1, Burst: 5})
	if err != nil {
		t.Fatal(err)
	}
	w.load(t, text)
	w.load(t, text) // again: it replaces itself

	w.send(t, 4, "10.9.0.2", "10.9.0.10/623")
	if n := w.dropped(t, "too many") + w.dropped(t, "not allowed") + w.dropped(t, "not for a BMC"); n != 0 {
		t.Errorf("%d of four packets that are fine were dropped", n)
	}
	w.send(t, 100, "10.9.0.2", "10.9.0.10/623")
	if n := w.dropped(t, "too many"); n < 80 {
		t.Errorf("of a flood %d packets were dropped, want nearly all 100", n)
	}
	before := w.dropped(t, "too many")
	w.send(t, 3, "10.9.0.2", "10.9.0.11/623")
	if n := w.dropped(t, "too many") - before; n != 0 {
		t.Errorf("the flood at one BMC cost another %d packets", n)
	}
	w.send(t, 3, "10.9.0.3", "10.9.0.10/623")
	if n := w.dropped(t, "not allowed"); n != 3 {
		t.Errorf("%d packets of a source that is not allowed were dropped, want 3", n)
	}
	w.send(t, 2, "10.9.0.2", "10.9.0.10/161")
	if n := w.dropped(t, "not for a BMC"); n != 2 {
		t.Errorf("%d packets to another port were dropped, want 2", n)
	}
	if w.answersTCP(t, "10.9.0.10/22") {
		t.Error("the host's TCP is reached through a BMC's address")
	}
	for _, own := range []string{"10.9.0.1/22", "10.9.0.12/22"} {
		if !w.answersTCP(t, own) {
			t.Errorf("%s, which is no BMC, does not answer any more", own)
		}
	}
}
