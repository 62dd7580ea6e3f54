package docstest

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// roleVariable makes this test binary, started again, something else.
const roleVariable = "DOCSTEST_ROLE"

const (
	simulatorSocket = "/run/vcenter.sock"
	vcenterName     = "vcenter.example.org"
	vcenterListen   = "192.0.2.3:443"
	vcenterPassword = "S3cretWord-of-12"
)

func TestMain(m *testing.M) {
	roles := map[string]func() error{
		"vcenter": simulate,
		"vc":      func() error { return control(os.Args[1:], os.Stdout) },
	}
	if run, ok := roles[os.Getenv(roleVariable)]; ok {
		if err := run(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	// Pages wait more than they compute.
	if err := flag.Set("test.parallel", "6"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// simulate runs the vCenter of a world until it is killed, with the world.
func simulate() error {
	s := &simulator{undo: make(map[string]func())}
	var err error
	s.vc, err = vspheretest.Start(vspheretest.Config{
		Name: "vc-lab", Names: []string{vcenterName}, Username: "svc-bmc@vsphere.local", Password: vcenterPassword,
		Datacenter: "DC", Listen: vcenterListen,
	})
	if err != nil {
		return err
	}
	defer s.vc.Close()
	l, err := net.Listen("unix", simulatorSocket)
	if err != nil {
		return err
	}
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		s.answer(conn)
	}
}

// control sends one command to the simulator and prints the answer.
func control(words []string, out io.Writer) error {
	conn, err := net.Dial("unix", simulatorSocket)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := fmt.Fprintln(conn, strings.Join(words, "\t")); err != nil {
		return err
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		return err
	}
	if reason, failed := strings.CutPrefix(string(answer), "error: "); failed {
		return errors.New("vc: " + reason)
	}
	_, err = out.Write(answer)
	return err
}

// A simulator is the vCenter of a world and what undoes its troubles.
type simulator struct {
	vc    *vspheretest.VCenter
	undo  map[string]func()
	inner *innerVCenter // nil until it is asked for something
}

func (s *simulator) answer(conn net.Conn) {
	defer conn.Close()
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return
	}
	says, err := s.obey(strings.Split(strings.TrimSuffix(line, "\n"), "\t"))
	if err != nil {
		says = "error: " + err.Error()
	}
	_, _ = io.WriteString(conn, says) // who does not listen does not matter
}

// usage is what the commands are, and how many words each needs.
var usage = []string{
	"ca", "thumbprint", "vm NAME [FOLDER]", "rm NAME", "tag TAG NAME...", "untag TAG NAME...", "power NAME [on|off]",
	"tools NAME on|off", "boot NAME", "efi NAME", "connection NAME STATE", "attribute NAME ATTRIBUTE VALUE", "deny PRIVILEGE OBJECT",
	"allow PRIVILEGE OBJECT", "password WORD", "stall on|off", "down", "up", "forget CATEGORY", "hide", "show",
}

func (s *simulator) obey(words []string) (string, error) {
	all := slices.Concat(usage, innerUsage)
	i := slices.IndexFunc(all, func(u string) bool { return strings.Fields(u)[0] == words[0] })
	if i < 0 || len(words) < len(strings.Fields(all[i]))-strings.Count(all[i], "[") {
		return "", errors.New("its commands are:\n" + strings.Join(all, "\n"))
	}
	if i >= len(usage) {
		return s.askInner(words)
	}
	if i := slices.Index([]string{"ca", "thumbprint", "power", "boot"}, words[0]); i >= 0 {
		return s.ask(words)
	}
	if words[0] == "tag" {
		return "", s.vc.Tag(words[1], words[2:]...)
	}
	if words[0] == "untag" {
		return "", s.vc.Untag(words[1], words[2:]...)
	}
	return "", s.change(append(words, "", "")) // so that none is missing
}

func (s *simulator) askInner(words []string) (says string, err error) {
	if s.inner == nil {
		if s.inner, err = startInner(); err != nil {
			return "", err
		}
	}
	return s.inner.obey(s.vc, words)
}

func (s *simulator) ask(words []string) (string, error) {
	switch {
	case words[0] == "ca":
		return string(s.vc.CA()), nil
	case words[0] == "thumbprint":
		return s.vc.Thumbprint() + "\n", nil
	case words[0] == "boot":
		return bootOrder(s.vc.BootOptions(words[1])), nil
	case len(words) == 2:
		return string(s.vc.Power(words[1])) + "\n", nil
	case words[2] == "on":
		return "", s.vc.SetPower(words[1], types.VirtualMachinePowerStatePoweredOn)
	default:
		return "", s.vc.SetPower(words[1], types.VirtualMachinePowerStatePoweredOff)
	}
}

// bootOrder is a VM's boot order, a device on each line.
func bootOrder(o types.VirtualMachineBootOptions) string {
	var b strings.Builder
	for _, d := range o.BootOrder {
		switch d.(type) {
		case *types.VirtualMachineBootOptionsBootableEthernetDevice:
			b.WriteString("ethernet\n")
		case *types.VirtualMachineBootOptionsBootableDiskDevice:
			b.WriteString("disk\n")
		default:
			b.WriteString("other\n")
		}
	}
	return b.String()
}

func (s *simulator) change(words []string) error {
	switch one, two := words[1], words[2]; words[0] {
	case "vm":
		return s.vc.AddVM(one, two)
	case "rm":
		return s.vc.RemoveVM(one)
	case "tools":
		return s.vc.SetTools(one, two == "on")
	case "efi":
		return s.vc.Edit(one, func(vm *mo.VirtualMachine) { vm.Config.Firmware = string(types.GuestOsDescriptorFirmwareTypeEfi) })
	case "connection":
		return s.vc.SetConnection(one, types.VirtualMachineConnectionState(two))
	case "attribute":
		return s.vc.SetAttribute(one, two, words[3])
	case "password":
		s.vc.SetLogin("svc-bmc@vsphere.local", one)
	case "forget":
		return s.vc.DeleteCategory(one)
	case "up":
		return s.vc.Up()
	case "down":
		s.vc.Down()
	case "stall":
		s.vc.Stall(one == "on")
	default:
		return s.trouble(words[0], one, two)
	}
	return nil
}

// trouble begins one that has to be remembered, or ends it.
func (s *simulator) trouble(what, one, two string) error {
	key := strconv.Quote(one) + two
	switch what {
	case "deny":
		s.undo[key] = s.vc.Deny(one, two)
	case "hide":
		s.undo[key] = s.vc.HideVMs()
	case "allow", "show":
		if s.undo[key] == nil {
			return fmt.Errorf("nothing to %s", what)
		}
		s.undo[key]()
		delete(s.undo, key)
	}
	return nil
}
