package usecases

import (
	"bytes"
	"errors"
	"io"
	"net"
	"regexp"
	"slices"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/lab"
)

// What Kubernetes checks of the documents that export writes: that it knows the
// fields, and the rules that the definition of BareMetalHost has for them.
var (
	bootMAC   = regexp.MustCompile(`^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}$`)
	dnsLabel  = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)
	bootModes = []string{"UEFI", "UEFISecureBoot", "legacy"}
)

// A manifest is a Secret or a BareMetalHost.
type manifest struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   struct{ Name string }
	Type       string
	StringData map[string]string `yaml:"stringData"`
	Spec       struct {
		Online         bool
		BootMACAddress string `yaml:"bootMACAddress"`
		BootMode       string `yaml:"bootMode"`
		BMC            struct {
			Address         string
			CredentialsName string `yaml:"credentialsName"`
		}
	}
}

// exportedHosts reads the manifests and returns the hosts as Metal3 knows them then.
func exportedHosts(t *testing.T, l *lab.Lab) (hosts []*metal3Host) {
	t.Helper()
	secrets := make(map[string]map[string]string)
	dec := yaml.NewDecoder(bytes.NewReader(exported(t, l, "metal3", "")))
	dec.KnownFields(true)
	for {
		var m manifest
		if err := dec.Decode(&m); errors.Is(err, io.EOF) {
			return hosts
		} else if err != nil {
			t.Fatal(err)
		}
		if !dnsLabel.MatchString(m.Metadata.Name) {
			t.Errorf("%s %q is no name for Kubernetes", m.Kind, m.Metadata.Name)
		}
		switch m.APIVersion + " " + m.Kind {
		case "v1 Secret":
			secrets[m.Metadata.Name] = m.StringData
		case "metal3.io/v1alpha1 BareMetalHost":
			checkBoot(t, m.Metadata.Name, m.Spec.BootMACAddress, m.Spec.BootMode)
			account := secrets[m.Spec.BMC.CredentialsName]
			hosts = append(hosts, &metal3Host{
				lab: l, name: m.Metadata.Name, uefi: m.Spec.BootMode == "UEFI",
				address: m.Spec.BMC.Address, user: account["username"], password: account["password"],
			})
		default:
			t.Errorf("a %s %s is no manifest for Metal3", m.APIVersion, m.Kind)
		}
	}
}

func checkBoot(t *testing.T, name, mac, mode string) {
	t.Helper()
	if !bootMAC.MatchString(mac) {
		t.Errorf("%s: MAC %q", name, mac)
	}
	if !slices.Contains(bootModes, mode) {
		t.Errorf("%s: boot mode %q", name, mode)
	}
}

// checkInstallConfig checks platform.baremetal.hosts as the installer does.
func checkInstallConfig(t *testing.T, l *lab.Lab) {
	t.Helper()
	var part struct {
		Hosts []struct {
			Name, Role     string
			BootMACAddress string `yaml:"bootMACAddress"`
			BootMode       string `yaml:"bootMode"`
			BMC            struct{ Address, Username, Password string }
		}
	}
	dec := yaml.NewDecoder(bytes.NewReader(exported(t, l, "openshift", "")))
	dec.KnownFields(true)
	if err := dec.Decode(&part); err != nil {
		t.Fatal(err)
	}
	macs := make(map[string]bool)
	for _, h := range part.Hosts {
		checkBoot(t, h.Name, h.BootMACAddress, h.BootMode)
		if h.Role != "master" && h.Role != "worker" {
			t.Errorf("%s: role %q", h.Name, h.Role)
		}
		if _, err := net.ParseMAC(h.BootMACAddress); err != nil || macs[h.BootMACAddress] {
			t.Errorf("%s: MAC %q: %v, or another host has it", h.Name, h.BootMACAddress, err)
		}
		macs[h.BootMACAddress] = true
		host := &metal3Host{lab: l, name: h.Name, address: h.BMC.Address, user: h.BMC.Username, password: h.BMC.Password}
		host.settle(t)
		if out := host.ipmitool(t, "power status"); out != "Chassis Power is on\n" {
			t.Errorf("%s said %q", h.Name, out)
		}
	}
	if len(part.Hosts) != 5 {
		t.Errorf("%d hosts", len(part.Hosts))
	}
}
