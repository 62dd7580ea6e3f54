package browser

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// operatorPassword is that of every BMC; webPassword that of everybody who looks at
// the page.
const (
	operatorPassword = "operator-secret"
	webPassword      = "web-secret"
)

// tenants is how many there are: ten for each vCenter.
const tenants = 20

// A site is two simulated vCenters and the real daemon between them and
// 127.0.0.0/8, where anybody may listen.
type site struct {
	vcenters [2]*vspheretest.VCenter
	dir      string
	http     string // where the daemon tells what it does
	daemon   *daemon
	known    []admin.BMC // see bmcs
}

// prefixes are what the names of the VMs of a vCenter begin with.
var prefixes = [2]string{"esxi", "ocp"}

// newSite starts the vCenters with half of the VMs each and writes a configuration.
// A tenant has the VMs whose names end with its digit.
func newSite(t *testing.T, vms int) *site {
	t.Helper()
	s := &site{dir: t.TempDir(), http: freePort(t)}
	var config strings.Builder
	fmt.Fprintf(&config, siteText, s.dir, s.http)
	for i, prefix := range prefixes {
		vc, err := vspheretest.Start(vspheretest.Config{Name: "vc-" + prefix, VMs: vms / 2, Prefix: prefix})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(vc.Close)
		s.vcenters[i] = vc
		fmt.Fprintf(&config, vcenterText, vc.Name(), vc.URL().Host)
		s.write(t, vc.Name()+".pem", string(vc.CA()))
	}
	config.WriteString("pools:\n")
	for n := range tenants {
		fmt.Fprintf(&config, poolText, tenantName(n), addresses(n, vms/tenants))
	}
	config.WriteString("tenants:\n")
	for n := range tenants {
		fmt.Fprintf(&config, tenantText, tenantName(n), s.vcenters[n/10].Name(), n%10, 10000+os.Getpid()%20000)
	}
	s.write(t, "config.yaml", config.String())
	s.write(t, "vcenter", "secret")
	s.write(t, "operator", operatorPassword)
	s.write(t, "web.yaml", webUsers(t))
	s.daemon = &daemon{site: s}
	t.Cleanup(func() { s.daemon.stop(t) })
	return s
}

func tenantName(n int) string { return fmt.Sprintf("tenant-%02d", n) }

const (
	siteText = `apiVersion: bmc-gateway/v1
admin: {socket: %[1]s/admin.sock}
state: {path: %[1]s/state.db}
http: {listen: "%[2]s", web_config_file: %[1]s/web.yaml, admins: [boss]}
vcenters:
`
	vcenterText = "- {name: %[1]s, url: https://%[2]s, username: administrator@vsphere.local, password_file: vcenter, ca_file: %[1]s.pem}\n"
	poolText    = "- {name: %s, interface: lo, ranges: [%s], prefix_length: 8, assign: existing}\n"
	tenantText  = `- name: %[1]s
  vcenter: %[2]s
  pool: %[1]s
  select: {names: ["*%[3]d"]}
  allow_from: [127.0.0.0/8]
  accounts:
  - {username: operator, password_file: operator, privilege: operator}
  ipmi: {port: %[4]d}
  web_users: [%[1]s]
`
)

// addresses are as many as a tenant has VMs: one more has to wait.
func addresses(tenant, count int) string {
	from := 40 + 2*tenant
	if count <= 250 {
		return fmt.Sprintf("127.77.%d.1-127.77.%d.%d", from, from, count)
	}
	return fmt.Sprintf("127.77.%d.1-127.77.%d.250, 127.77.%d.1-127.77.%d.%d", from, from, from+1, from+1, count-250)
}

// vm is the name of a VM of a tenant, counted from 1.
func vm(tenant, n int) string {
	return fmt.Sprintf("%s-%02d", prefixes[tenant/10], 10*(n-1)+(tenant+9)%10+1)
}

// hash is of webPassword, made cheaply: the tests are not about guessing it.
var hash = sync.OnceValues(func() ([]byte, error) { return bcrypt.GenerateFromPassword([]byte(webPassword), bcrypt.MinCost) })

// webUsers is a web configuration file with the administrator, a user for each
// tenant, and one who is nobody's.
func webUsers(t *testing.T) string {
	t.Helper()
	secret, err := hash()
	if err != nil {
		t.Fatal(err)
	}
	text := "basic_auth_users:\n"
	for _, user := range append([]string{"boss", "stranger"}, allTenants()...) {
		text += fmt.Sprintf("  %s: %q\n", user, secret)
	}
	return text
}

func allTenants() (all []string) {
	for n := range tenants {
		all = append(all, tenantName(n))
	}
	return all
}

func (s *site) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// freePort returns an address on loopback that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
