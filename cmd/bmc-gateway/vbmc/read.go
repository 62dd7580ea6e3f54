package vbmc

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/ini.v1"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
)

// section is the only one of the files.
const section = "VirtualBMC"

// A machine is one VM's BMC as its file describes it.
type machine struct {
	file           string
	vm             string // its name
	byUUID         bool   // it was looked up by its BIOS UUID, not by the name
	user, password string // of IPMI
	listen         netip.AddrPort
	mac            string // to be told; empty: none is given
	server         string // the vCenter or ESXi host; empty: virtualbmc does not know one
	serverUser     string
	serverPassword string
	active         bool
}

// read returns the machines of a directory, in the order of their names, and what
// cannot be taken over.
func read(dir string) ([]machine, []string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", dir, errors.Unwrap(err))
	}
	var all []machine
	var notices []string
	for _, e := range entries {
		path := filepath.Join(dir, e.Name(), "config")
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) || err != nil && !e.IsDir() {
			continue // its log, its pid file
		}
		if err != nil {
			return nil, nil, err
		}
		m, told, err := parse(path, text)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", path, err)
		}
		all, notices = append(all, m), append(notices, told...)
	}
	if len(all) == 0 {
		return nil, nil, fmt.Errorf("%s: no NAME/config is in there", dir)
	}
	return all, notices, nil
}

// asPython reads as Python's configparser writes: no quotes, no comments behind a
// value, no line that goes on in the next.
var asPython = ini.LoadOptions{
	IgnoreInlineComment: true, IgnoreContinuation: true, PreserveSurroundedQuote: true, InsensitiveKeys: true,
}

// quoted is a value that the library would take for one of several lines.
var quoted = regexp.MustCompile("(?m)^[^#;=:\\n]+[=:][ \\t]*(`|\"\"\")")

// parse reads one file. Neither error nor notice has a password in it.
func parse(path string, text []byte) (machine, []string, error) {
	if quoted.Match(text) {
		return machine{}, nil, errors.New("a value begins with a quote of several lines; set it to another one")
	}
	file, err := ini.LoadSources(asPython, bytes.NewReader(text))
	if err != nil || !file.HasSection(section) {
		return machine{}, nil, fmt.Errorf("no file of vbmc4vsphere or virtualbmc: it has no section [%s]", section)
	}
	s := file.Section(section)
	var broken string
	get := func(key string) string {
		v := strings.ReplaceAll(s.Key(key).Value(), "%%", "\x00") // as interpolation has it
		if strings.Contains(v, "%") {
			broken = key
		}
		return strings.ReplaceAll(v, "\x00", "%")
	}
	m := machine{
		file: path, vm: get("vm_name"), user: get("username"), password: get("password"), active: truth(get("active")),
		server: get("viserver"), serverUser: get("viserver_username"), serverPassword: get("viserver_password"),
	}
	m.byUUID = get("vm_uuid") != "" && get("vm_uuid") != "None"
	if m.vm == "" {
		m.vm = get("domain_name") // of virtualbmc
	}
	told := m.place(get("address"), get("port"))
	if mac, err := address.ParseMAC(get("fakemac")); err == nil {
		m.mac = mac.String()
	} else if v := get("fakemac"); v != "" && v != "None" {
		told = append(told, m.tell("%v; the gateway makes one of its own", err))
	}
	switch {
	case broken != "":
		return m, nil, fmt.Errorf("the value of %s refers to another one; write it out", broken)
	case m.vm == "":
		return m, nil, errors.New("names no VM: neither vm_name nor domain_name is there")
	case m.user == "" || m.password == "":
		return m, nil, errors.New("has no username, or no password")
	}
	return m, told, nil
}

// place reads where the BMC answers: by default at port 623 of every address.
func (m *machine) place(addr, port string) (told []string) {
	a, err := netip.ParseAddr(strings.Trim(addr, "[]"))
	if err != nil {
		if addr != "" {
			told = append(told, m.tell("%q is no IP address; taken as every address", addr))
		}
		a = netip.IPv6Unspecified()
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		n = standardPort
	}
	m.listen = netip.AddrPortFrom(a.Unmap(), uint16(n))
	return told
}

func (m *machine) tell(format string, args ...any) string {
	return m.file + ": " + fmt.Sprintf(format, args...)
}

// truth is what Python takes for true.
func truth(s string) bool {
	switch strings.ToLower(s) {
	case "1", "yes", "true", "on":
		return true
	}
	return false
}
