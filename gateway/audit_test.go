package gateway

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// auditLab is a gateway with one tenant of two VMs that writes an audit file.
func auditLab(t *testing.T, addresses string, change func(*lab)) (l *lab, vc *vspheretest.VCenter, file string) {
	t.Helper()
	vc = simulator(t, vspheretest.Config{Name: "vc-a", VMs: 2})
	l = newLab(t)
	l.addTenant(t, vc, inventory.Selector{Names: []string{"*"}}, addresses)
	file = filepath.Join(t.TempDir(), "audit.jsonl")
	l.config.Audit = Audit{File: file, Logins: FailedLogins}
	if change != nil {
		change(l)
	}
	l.start(t)
	return l, vc, file
}

// auditLines returns the lines of the file.
func auditLines(t *testing.T, file string) (lines []admin.Event) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for s := bufio.NewScanner(bytes.NewReader(b)); s.Scan(); {
		var e admin.Event
		dec := json.NewDecoder(bytes.NewReader(s.Bytes()))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&e); err != nil {
			t.Fatalf("%v in %q", err, s.Text())
		}
		lines = append(lines, e)
	}
	return lines
}

// audited waits for a line.
func audited(t *testing.T, file, what string, is func(admin.Event) bool) (found admin.Event) {
	t.Helper()
	eventually(t, what+" is audited", func() error {
		if _, err := os.Stat(file); err != nil {
			return err
		}
		lines := auditLines(t, file)
		i := slices.IndexFunc(lines, is)
		if i < 0 {
			return fmt.Errorf("%d lines, none of it: %+v", len(lines), lines)
		}
		found = lines[i]
		return nil
	})
	return found
}

func commandIs(command string) func(admin.Event) bool {
	return func(e admin.Event) bool { return e.Command == command }
}

func TestAuditOfCommands(t *testing.T) {
	l, vc, file := auditLab(t, "127.96.0.1-127.96.0.9", nil)
	b := l.ready(t, vm)
	s := login(t, b)
	for _, tt := range []struct {
		name    string
		do      ipmi.ChassisControl
		command string
		method  string // of vCenter
		code    string
		result  string
	}{
		{"one that is carried out", ipmi.ChassisPowerDown, "Chassis Control off", "PowerOffVM_Task", "00h", "ok"},
		{"one that cannot be now", ipmi.ChassisHardReset, "Chassis Control reset", "", "D5h", "error"},
		{"another", ipmi.ChassisPowerUp, "Chassis Control on", "PowerOnVM_Task", "00h", "ok"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			control(t, s, tt.do)
			e := audited(t, file, tt.command, commandIs(tt.command))
			if e.Kind != admin.EventCommand || e.Via != admin.ViaIPMI || e.Account != "admin" || e.From.Addr() != netip.MustParseAddr("127.0.0.1") ||
				!strings.HasPrefix(e.Session, "0x") || e.Tenant != "vc-a" || e.BMC != vm || e.InstanceUUID != b.VM.InstanceUUID ||
				e.Address != b.Address || e.VCenter != "vc-a" || e.Time.IsZero() || e.Seq != 0 {
				t.Errorf("who and where: %+v", e)
			}
			if e.Code != tt.code || e.Result != tt.result || e.TookSeconds <= 0 || e.Code != "00h" && e.Error == "" {
				t.Errorf("what came of it: %+v", e)
			}
			if tt.method == "" {
				return
			}
			if ids := vc.OperationIDs(tt.method); !slices.Contains(ids, e.Operation+"-"+tt.method) {
				t.Errorf("operation %q, vCenter's log has %q", e.Operation, ids)
			}
			if !strings.HasPrefix(e.Task, "task-") {
				t.Errorf("task %q", e.Task)
			}
		})
	}
	if n := l.gw.Events().Last(); n < 4 {
		t.Errorf("the daemon remembers %d events", n)
	}
}

func TestAuditOfLogins(t *testing.T) {
	for _, tt := range []struct {
		logins Logins
		pool   string
		want   []string // results, in order
	}{
		{FailedLogins, "127.96.1.1-127.96.1.9", []string{"wrong_password", "unknown_user"}},
		{AllLogins, "127.96.2.1-127.96.2.9", []string{"wrong_password", "unknown_user", "completed"}},
		{NoLogins, "127.96.3.1-127.96.3.9", nil},
	} {
		t.Run(string(tt.logins), func(t *testing.T) {
			l, _, file := auditLab(t, tt.pool, func(l *lab) { l.config.Audit.Logins = tt.logins })
			b := l.ready(t, vm)
			for _, who := range [][2]string{{"admin", "wrong"}, {"nobody", "any"}, {"admin", "admin-of-vc-a"}} {
				as := administrator(t, b)
				as.User, as.Password, as.Insist = who[0], who[1], true
				_, _ = dial(t, b).Login(t.Context(), as)
			}
			control(t, login(t, b), ipmi.ChassisPowerUp)
			audited(t, file, "the command", commandIs("Chassis Control on"))
			var got []string
			for _, e := range auditLines(t, file) {
				if e.Kind == admin.EventLogin {
					got = append(got, e.Result)
				}
			}
			if tt.logins == AllLogins {
				got = got[:min(len(got), 3)]
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestAuditOfIpmitool has the real client do what an administrator does.
func TestAuditOfIpmitool(t *testing.T) {
	if _, err := exec.LookPath("ipmitool"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	l, vc, file := auditLab(t, "127.96.4.1-127.96.4.9", nil)
	b := l.ready(t, vm)
	ipmitool := func(args ...string) string {
		all := append([]string{"-I", "lanplus", "-C", "17", "-H", b.Address.String(), "-p", fmt.Sprint(b.Port), "-U", "admin", "-P", "admin-of-vc-a"}, args...)
		out, _ := exec.CommandContext(t.Context(), "ipmitool", all...).CombinedOutput()
		return string(out)
	}
	ipmitool("chassis", "bootdev", "pxe")
	ipmitool("power", "off")
	e := audited(t, file, "power off", commandIs("Chassis Control off"))
	if e.Code != "00h" || e.Account != "admin" || !slices.Contains(vc.OperationIDs("PowerOffVM_Task"), e.Operation+"-PowerOffVM_Task") {
		t.Errorf("%+v", e)
	}
	e = audited(t, file, "the boot device", func(e admin.Event) bool { return strings.HasPrefix(e.Command, "Set System Boot Options pxe") })
	if e.Result != "ok" {
		t.Errorf("%+v", e)
	}
}

// TestAuditHoldsNoSecret: whatever passwords there are, no line, no event and no
// line of the log has one.
func TestAuditHoldsNoSecret(t *testing.T) {
	l, vc, file := auditLab(t, "127.96.5.1-127.96.5.9", func(l *lab) { l.config.Audit.Logins = AllLogins })
	b := l.ready(t, vm)
	as := administrator(t, b)
	as.Password, as.Insist = "Wr0ngButSecret", true
	_, _ = dial(t, b).Login(t.Context(), as)
	s := login(t, b)
	vc.Inject(vspheretest.Fault{Method: "PowerOffVM_Task", Fault: &types.InvalidState{}, Times: 1})
	control(t, s, ipmi.ChassisPowerDown)
	control(t, s, ipmi.ChassisPowerUp)
	// Set User Password, in the clear inside of the session.
	if _, err := s.Command(t.Context(), ipmi.NetFnApp, 0x47, append([]byte{2, 2}, "N3wSecretWord\x00\x00\x00"...)); err != nil {
		t.Fatal(err)
	}
	audited(t, file, "power up", commandIs("Chassis Control on"))
	l.stop()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	remembered, _ := l.gw.Events().Since(0)
	events, err := json.Marshal(remembered)
	if err != nil {
		t.Fatal(err)
	}
	for where, what := range map[string][]byte{"file": text, "events": events, "log": l.log.Bytes()} {
		for _, secret := range []string{"admin-of-vc-a", "user-of-vc-a", "Wr0ngButSecret", "N3wSecretWord", `"secret"`} {
			if bytes.Contains(what, []byte(secret)) {
				t.Errorf("%q is in the %s:\n%s", secret, where, what)
			}
		}
	}
}

func TestAuditFileThatCannotBeWritten(t *testing.T) {
	l, _, _ := auditLab(t, "127.96.6.1-127.96.6.9", func(l *lab) {
		l.config.Audit.File = filepath.Join(filepath.Dir(l.config.StatePath), "not", "there")
	})
	s := login(t, l.ready(t, vm))
	if code := control(t, s, ipmi.ChassisPowerDown); code != ipmi.Completed {
		t.Errorf("the command got %v", code)
	}
	eventually(t, "the status tells", func() error {
		if a := l.gw.Status().Audit; a == nil || !a.Failing {
			return fmt.Errorf("%+v", a)
		}
		return nil
	})
	if !bytes.Contains(l.log.Bytes(), []byte("the audit file cannot be written")) {
		t.Error("the log does not tell")
	}
}
