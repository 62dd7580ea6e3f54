package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// roleVariable makes this test binary, started again, the vCenter simulator.
const roleVariable = "BMCGW_E2E_VCENTER"

// countVariable is how many VMs it has, when not four.
const countVariable = "BMCGW_E2E_VMS"

func TestMain(m *testing.M) {
	if job := os.Getenv(manyVariable); job != "" {
		if err := many(strings.Fields(job), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if listen := os.Getenv(roleVariable); listen != "" {
		if err := simulate(listen, os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// simulate runs a vCenter that obeys lines of words on in and answers each with
// a line of JSON on out, until in ends.
func simulate(listen string, in io.Reader, out io.Writer) error {
	count := 4
	if text := os.Getenv(countVariable); text != "" {
		var err error
		if count, err = strconv.Atoi(text); err != nil {
			return err
		}
	}
	vc, err := vspheretest.Start(vspheretest.Config{
		Name: "vc", Username: "svc-bmc@vsphere.local", Password: "vc-secret", VMs: count, Listen: listen,
	})
	if err != nil {
		return err
	}
	defer vc.Close()
	answer := json.NewEncoder(out)
	if err := answer.Encode(string(vc.CA())); err != nil {
		return err
	}
	for lines := bufio.NewScanner(in); lines.Scan(); {
		reply, err := obey(vc, strings.Fields(lines.Text()))
		if err != nil {
			reply = "error: " + err.Error()
		}
		if err := answer.Encode(reply); err != nil {
			return err
		}
	}
	return nil
}

func obey(vc *vspheretest.VCenter, words []string) (any, error) {
	switch words[0] {
	case "tag":
		return "ok", vc.Tag(words[1], words[2:]...)
	case "untag":
		return "ok", vc.Untag(words[1], words[2:]...)
	case "power":
		return vc.Power(words[1]), nil
	case "stall":
		vc.Stall(words[1] == "true")
		return "ok", nil
	case "down":
		vc.Down()
		return "ok", nil
	case "up":
		return "ok", vc.Up()
	default:
		return nil, fmt.Errorf("unknown command %q", words[0])
	}
}

// A vcenter is the simulator process on its host.
type vcenter struct {
	ca     string // PEM
	in     io.Writer
	answer *json.Decoder
}

func startVCenter(t *testing.T, l *lan, host, listen string) *vcenter {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := l.command(host, self)
	cmd.Env = append(os.Environ(), roleVariable+"="+listen)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	start(t, cmd)
	v := &vcenter{in: in, answer: json.NewDecoder(out)}
	t.Cleanup(func() { in.Close() }) // the simulator ends with its input
	if err := v.answer.Decode(&v.ca); err != nil {
		t.Fatalf("the simulator did not start: %v", err)
	}
	return v
}

// do sends one command and returns the answer.
func (v *vcenter) do(t *testing.T, words ...string) string {
	t.Helper()
	if _, err := fmt.Fprintln(v.in, strings.Join(words, " ")); err != nil {
		t.Fatal(err)
	}
	var reply string
	if err := v.answer.Decode(&reply); err != nil {
		t.Fatalf("simulator, %s: %v", words, err)
	}
	if strings.HasPrefix(reply, "error: ") {
		t.Fatalf("simulator, %s: %s", words, reply)
	}
	return reply
}

// start runs cmd until the test ends, and then waits for it.
func start(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // by now it should have ended by itself
		_ = cmd.Wait()
	})
}
