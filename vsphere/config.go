package vsphere

import (
	"crypto/x509"
	"log/slog"
	"net/url"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// A Folder is a folder whose VMs some selector asks for.
type Folder struct {
	Path      string // inventory path, "/Datacenter/vm/Folder"
	Recursive bool   // with all folders below it
}

// Config is all one vCenter needs. It is copied; zero durations get the defaults.
type Config struct {
	Name     string // the operator's name for it, unique
	URL      *url.URL
	Username string
	Auth     Auth
	// Password is asked at every login, so that a rotated secret is used without
	// restart. With AuthCertificate it returns the PEM of certificate and RSA key.
	Password func() (string, error)

	// How the server's certificate is checked: at most one of the three.
	RootCAs    *x509.CertPool // nil with no Thumbprint: the system's roots
	Thumbprint string         // SHA-256 or SHA-1 of the certificate, "AA:BB:…": a strict pin
	Insecure   bool           // no check at all; logged as a warning at every login

	Folders []Folder // union of all selectors
	Tags    []string // union of all selectors, "category/name"

	// AttributePrefix is how the custom attributes begin that are about BMCs, such as
	// "bmc."; empty: none are.
	AttributePrefix string

	// Selectors are whose VMs are somebody's: only there are privileges looked for.
	Selectors []inventory.Selector
	ReadOnly  bool // nobody may do more than read: no privilege for commands is needed
	// Hosts: somebody registers BMCs with the hosts. They are watched, and without
	// Selectors nothing else is: VCenter.List and State fail then.
	Hosts bool

	// HungVMRoute: where vCenter has no SendNMI, NMIs go through the VM's ESXi host, by
	// HTTPS from here, with the certificate that vCenter knows of it.
	HungVMRoute bool

	Freshness   time.Duration // how long a state may be vouched for without word from vCenter; default 90 s
	Resync      time.Duration // the watch is made anew after this and up to twice as long; default 30 min
	TagInterval time.Duration // between two tag look-ups, give or take a tenth; default 60 s
	TagHintGap  time.Duration // between two that events of tags cause; default 2 s
	CallTimeout time.Duration // of one SOAP or REST call; default 20 s
	DialTimeout time.Duration // TCP and TLS each; default 5 s
	Rate        float64       // calls a second on the operations session, without commands; default 20
	Burst       int           // default 40

	Limits Limits        // of commands
	Shares []TenantShare // of the tenants; one of nobody's name holds for what belongs to none

	// Events, when not nil, gets what happens to the VMs, as vCenter's events tell it.
	Events EventSink

	Log *slog.Logger // nil: discarded
	// OnCall, when not nil, is told of every call: its method and whether it failed.
	OnCall func(method string, took time.Duration, err error)
	// OnLink, when not nil, is told that vCenter is connected (nil) or lost, and why.
	// It must return at once.
	OnLink func(lost error)
	// OnCommand, when not nil, is told how long a tenant's command waited for its
	// turn to call vCenter, and what became of that. It is called before the command
	// is answered and must not wait.
	OnCommand func(tenant string, waited time.Duration, fate Fate)
}
