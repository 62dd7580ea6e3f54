package export

import (
	"cmp"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"text/template"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

//go:embed templates
var files embed.FS

// A Host is a BMC and the account that a client is to use.
type Host struct {
	admin.BMC
	Account   string
	Privilege string // of the account
	Secret    string // the password; empty: it is referred to by SecretName

	id     string // unique among those written
	secret string // what the account is called, unique likewise
}

// SecretName is what the password is called where it is only referred to:
// "lab-a-operator".
func (h Host) SecretName() string { return cmp.Or(h.secret, word(h.Tenant+"-"+h.Account)) }

// Variable is the same for a shell or the environment: "LAB_A_OPERATOR".
func (h Host) Variable() string {
	return strings.ToUpper(strings.ReplaceAll(h.SecretName(), "-", "_"))
}

// BootVariable is the variable of the MAC that the VM boots from: "BOOT_MAC_WEB1".
func (h Host) BootVariable() string {
	return "BOOT_MAC_" + strings.ToUpper(strings.ReplaceAll(h.ID(), "-", "_"))
}

// BootMAC is the MAC that the VM boots from as far as the gateway can know: that of its
// first network card. Empty: not known.
func (h Host) BootMAC() string {
	if len(h.VM.NICs) == 0 {
		return ""
	}
	return h.VM.NICs[0]
}

// BootMode is the VM's firmware as Metal3 calls it.
func (h Host) BootMode() string {
	if h.VM.Firmware == "efi" {
		return "UEFI"
	}
	return "legacy"
}

// Needs is a variable in a script that ends when the variable is not set.
func (h Host) Needs(variable string) string { return `"${` + variable + `:?is not set}"` }

// ID is the VM's name as Kubernetes and DNS take one, with a number behind it when
// two would be the same.
func (h Host) ID() string { return h.id }

// Endpoint is the address as in a URL; the standard port is left out.
func (h Host) Endpoint() string {
	host := h.Address.String()
	if h.Address.Is6() {
		host = "[" + host + "]"
	}
	if h.Port == 623 {
		return host
	}
	return fmt.Sprintf("%s:%d", host, h.Port)
}

// Target is the address as service discovery tells it.
func (h Host) Target() string {
	if h.Port == 623 {
		return h.Address.String()
	}
	return h.Endpoint()
}

// Suite is the cipher suite that a client is to ask for.
func (h Host) Suite() int {
	if slices.Contains(h.CipherSuites, 17) || len(h.CipherSuites) == 0 {
		return 17
	}
	return h.CipherSuites[0]
}

// Formats returns the names of all formats, sorted.
func Formats() []string {
	entries, err := fs.ReadDir(files, "templates")
	if err != nil {
		panic(err) // it is in the program
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".tmpl"))
	}
	return names
}

// Write writes the hosts in a format. Those without an address are left out.
func Write(w io.Writer, format string, hosts []Host) error {
	if !slices.Contains(Formats(), format) {
		return fmt.Errorf("format %q is not one of %s", format, strings.Join(Formats(), ", "))
	}
	t, err := template.New(format+".tmpl").Funcs(functions()).ParseFS(files, "templates/"+format+".tmpl")
	if err != nil {
		return err
	}
	hosts = slices.DeleteFunc(slices.Clone(hosts), func(h Host) bool { return !h.Address.IsValid() })
	slices.SortStableFunc(hosts, func(a, b Host) int {
		return strings.Compare(a.Tenant+"/"+a.Name, b.Tenant+"/"+b.Name)
	})
	identify(hosts)
	return t.Execute(w, struct{ Hosts []Host }{hosts})
}

// identify gives each host a name of its own, and each account.
func identify(hosts []Host) {
	ids, secrets := make(map[string]bool), make(map[string]bool)
	named := make(map[[2]string]string) // tenant and account
	for i := range hosts {
		h := &hosts[i]
		h.id = unused(ids, cmp.Or(word(h.Name), "vm"))
		account := [2]string{h.Tenant, h.Account}
		if named[account] == "" {
			named[account] = unused(secrets, h.SecretName())
		}
		h.secret = named[account]
	}
}

// unused takes a name, with a number behind it when it is taken.
func unused(taken map[string]bool, base string) string {
	name := base
	for n := 2; taken[name]; n++ {
		name = fmt.Sprintf("%s-%d", base, n)
	}
	taken[name] = true
	return name
}

// AccountFor chooses the account of a BMC for the client of a format: the one that
// is named, or else the one with the least privilege that may do what the client
// does. That is to switch power. Ironic also sets boot devices for good once it has
// deployed, which section 28.12 keeps for administrators. One that was made for a
// vCenter, or for a time, is chosen only by its name.
func AccountFor(b admin.BMC, format, name string) (admin.Account, error) {
	order := []string{"operator", "administrator", "user", "callback"}
	switch format {
	case "ironic", "metal3", "openshift":
		order = []string{"administrator", "operator", "user", "callback"}
	}
	if name != "" {
		i := slices.IndexFunc(b.Accounts, func(a admin.Account) bool { return a.Name == name })
		if i < 0 {
			return admin.Account{}, fmt.Errorf("%s/%s has no account %q", b.Tenant, b.Name, name)
		}
		return b.Accounts[i], nil
	}
	for _, level := range order {
		i := slices.IndexFunc(b.Accounts, func(a admin.Account) bool {
			return a.Privilege == level && a.Until.IsZero() && a.VCenter == "" // somebody else's, and not for ever
		})
		if i >= 0 {
			return b.Accounts[i], nil
		}
	}
	return admin.Account{}, fmt.Errorf("%s/%s has no account", b.Tenant, b.Name)
}
