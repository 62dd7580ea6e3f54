package machine

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
)

// installs the package as an administrator does.
func (s *site) installs(t *testing.T) {
	run(t, "apt-get", "install", "-y", "-q", "/seed/"+deb("0.9.0"))
	if state := show(t, "ActiveState") + " " + show(t, "UnitFileState"); state != "inactive disabled" {
		t.Errorf("it is %s", state)
	}
	run(t, "getent", "group", "bmc-gateway")
}

func deb(version string) string { return "bmc-gateway_" + version + "_amd64.deb" }

// refuses to start without a configuration, once.
func (s *site) refuses(t *testing.T) {
	fails(t, "systemctl", "start", unit)
	if got := show(t, "Result") + " " + show(t, "ExecMainStatus") + " " + show(t, "NRestarts"); got != "exit-code 2 0" {
		t.Errorf("it ended with %s", got)
	}
	run(t, "systemctl", "reset-failed", unit)
	if got := journal(t, "-u", unit); !strings.Contains(got, "/etc/bmc-gateway/config.yaml") {
		t.Errorf("the journal does not say what is missing:\n%s", got)
	}
}

// starts it, which is done when it is ready.
func (s *site) starts(t *testing.T) {
	write(t, "/etc/bmc-gateway/ca.pem", string(s.vc.CA()))
	write(t, "/etc/bmc-gateway/config.yaml", configuration)
	write(t, "/etc/systemd/system/"+unit+".d/override.conf", dropIn)
	for name, password := range map[string]string{"vc": vcPassword, "operator": operatorPassword} {
		path := "/etc/bmc-gateway/secrets/" + name
		write(t, path, password+"\n")
		run(t, "chgrp", "bmc-gateway", path)
		run(t, "chmod", "0640", path)
	}
	// What a credential is made of is not the daemon's to read.
	run(t, "chown", "root:root", "/etc/bmc-gateway/secrets/vc")
	write(t, "/etc/systemd/network/25-ens192.120.network", "[Match]\nName=ens192.120\n[Network]\nAddress=10.120.8.1/24\nLinkLocalAddressing=no\n")
	run(t, "networkctl", "reload")
	run(t, "systemctl", "daemon-reload")
	run(t, "systemctl", "enable", "--now", unit)
	if state := show(t, "ActiveState") + " " + show(t, "SubState") + " " + show(t, "Type"); state != "active running notify" {
		t.Errorf("it is %s", state)
	}
	s.reaches(t)
	s.addresses(t)
	eventually(t, "its status line", func() error {
		if got := show(t, "StatusText"); got != "3 BMCs, 0 not ready" {
			return errors.New(got)
		}
		return nil
	})
}

// privileges: a user of its own, three capabilities and no way to more.
func (s *site) privileges(t *testing.T) {
	have := map[string]string{}
	for line := range strings.Lines(file(t, "/proc/"+show(t, "MainPID")+"/status")) {
		name, value, _ := strings.Cut(line, ":")
		have[name] = strings.Join(strings.Fields(value), " ")
	}
	id := strings.TrimSpace(run(t, "id", "-u", "bmc-gateway"))
	gid := strings.TrimSpace(run(t, "id", "-g", "bmc-gateway"))
	for name, want := range map[string]string{
		"Uid": strings.Join([]string{id, id, id, id}, " "), "Gid": strings.Join([]string{gid, gid, gid, gid}, " "),
		"CapEff": "0000000000003400", "CapPrm": "0000000000003400", "CapBnd": "0000000000003400", "CapAmb": "0000000000003400",
		"NoNewPrivs": "1", "Seccomp": "2",
	} {
		if have[name] != want {
			t.Errorf("%s is %q, want %q", name, have[name], want)
		}
	}
	if id == "0" {
		t.Error("it is root")
	}
}

// credentials: the password of vCenter was read from one, or no BMC would be there;
// who may be in the group reads none.
func (s *site) credentials(t *testing.T) {
	path := "/run/credentials/" + unit + "/vc"
	if got := file(t, path); got != vcPassword+"\n" {
		t.Errorf("%s holds %q", path, got)
	}
	fails(t, "setpriv", "--reuid=65534", "--regid=bmc-gateway", "--clear-groups", "cat", path)
	closedTo(t, "/var/lib/bmc-gateway/state.db", "/run/bmc-gateway/admin.sock")
	// The group may ask the daemon.
	run(t, "setpriv", "--reuid=65534", "--regid=bmc-gateway", "--clear-groups", "bmc-gateway", "status")
	// In a shell there are no credentials, unless it is told where they are.
	if got := fails(t, "bmc-gateway", "config", "check"); !strings.Contains(got, "/etc/bmc-gateway/vc: no such file") {
		t.Error(got)
	}
	run(t, "env", "CREDENTIALS_DIRECTORY=/run/credentials/"+unit, "bmc-gateway", "config", "check", "--online")
	t.Log(run(t, "sh", "-c", "CREDENTIALS_DIRECTORY=/run/credentials/"+unit+" bmc-gateway doctor 2>&1 || true"))
}

// closedTo everybody but user and group are files.
func closedTo(t *testing.T, paths ...string) {
	t.Helper()
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			t.Error(err)
		} else if info.Mode().Perm()&0o007 != 0 {
			t.Errorf("%s: %s", path, info.Mode())
		}
	}
}

// journals each attribute of a message in a field.
func (s *site) journals(t *testing.T) {
	var entry map[string]string
	eventually(t, "the power off", func() error {
		out := journal(t, "-u", unit, "-o", "json", "BMCGW_TENANT=vlan", "BMCGW_ACCOUNT=operator")
		line, _, _ := strings.Cut(out, "\n")
		if line == "" {
			return errors.New("no entry")
		}
		return json.Unmarshal([]byte(line), &entry)
	})
	for name, want := range map[string]string{
		"_SYSTEMD_UNIT": unit, "PRIORITY": "6", "BMCGW_BMC_NAME": "vc-vm-01", "BMCGW_TENANT": "vlan", "_TRANSPORT": "journal",
		"SYSLOG_IDENTIFIER": "bmc-gateway",
	} {
		if entry[name] != want {
			t.Errorf("%s is %q, want %q", name, entry[name], want)
		}
	}
	if !strings.HasPrefix(entry["BMCGW_FROM"], "10.120.8.200:") || entry["BMCGW_OPERATION"] == "" {
		t.Errorf("%v", entry)
	}
	closedTo(t, "/var/log/bmc-gateway/audit.jsonl")
	all := journal(t, "-u", unit) + file(t, "/var/log/bmc-gateway/audit.jsonl")
	for _, secret := range []string{vcPassword, operatorPassword} {
		if strings.Contains(all, secret) {
			t.Errorf("%q is in the journal or the audit", secret)
		}
	}
}

// exposed is what systemd thinks of the unit as it runs, in tenths.
func (s *site) exposed(t *testing.T) {
	out := run(t, "systemd-analyze", "security", "--no-pager", "--threshold=20", unit)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	t.Log(lines[len(lines)-1])
}

// reloads: systemctl returns, the change is in force, the process is the same, and a
// mistake changes nothing.
func (s *site) reloads(t *testing.T) {
	pid, address := show(t, "MainPID"), s.address(t, "vc-vm-01")
	write(t, "/etc/bmc-gateway/config.yaml", strings.Replace(configuration, "allow_from: [10.120.8.0/24]", "allow_from: [10.120.8.1]", 1))
	run(t, "systemctl", "reload", unit)
	eventually(t, "who is not allowed is not answered", func() error {
		if out, err := ipmitool(address, "power", "status"); err == nil {
			return errors.New(out)
		}
		return nil
	})
	write(t, "/etc/bmc-gateway/config.yaml", strings.Replace(configuration, "allow_from", "allow_form", 1))
	run(t, "systemctl", "reload", unit)
	eventually(t, "the mistake is in the journal", func() error {
		if got := journal(t, "-u", unit, "-p", "err"); !strings.Contains(got, "allow_form") {
			return errors.New(got)
		}
		return nil
	})
	write(t, "/etc/bmc-gateway/config.yaml", configuration)
	run(t, "systemctl", "reload", unit)
	s.says(t, address, "Chassis Power is on", "power", "status")
	if now := show(t, "MainPID"); now != pid || show(t, "ActiveState") != "active" {
		t.Errorf("the process was %s and is %s, %s", pid, now, show(t, "ActiveState"))
	}
}
