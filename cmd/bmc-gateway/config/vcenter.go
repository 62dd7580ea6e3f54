package config

import (
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

// certificatesLimit is the most a CA file may have, in bytes: all public CAs
// together are some 250 kB.
const certificatesLimit = 4 << 20

func (l *loader) vcenter(n node) vsphere.Config {
	s := n.section("name", "url", "username", "auth", "certificate_file", "password_file", "password_env", "password",
		"ca_file", "thumbprint", "insecure_skip_verify", "freshness",
		"tag_interval", "tag_hint_gap", "attributes", "nmi", "call_timeout", "rate", "limits")
	c := vsphere.Config{
		Name:        l.vcenters.name(s.get("name")),
		URL:         endpoint(s.get("url")),
		Freshness:   s.get("freshness").duration(90*time.Second, 2*time.Second, time.Hour),
		TagInterval: s.get("tag_interval").duration(time.Minute, 500*time.Millisecond, 10*time.Minute),
		TagHintGap:  s.get("tag_hint_gap").duration(2*time.Second, 100*time.Millisecond, 10*time.Minute),
		DialTimeout: 5 * time.Second,
		CallTimeout: s.get("call_timeout").duration(20*time.Second, time.Second, 5*time.Minute),
		HungVMRoute: s.get("nmi").choice("send_nmi", "hung_vm_route") == "hung_vm_route",
	}
	l.login(s, &c)
	c.AttributePrefix = attributePrefix(s.get("attributes").section("prefix").get("prefix"))
	rate := s.get("rate").section("requests_per_second", "burst")
	c.Rate = rate.get("requests_per_second").number(20, 0.1, 1000)
	c.Burst = rate.get("burst").whole(40, 1, 1000)
	c.Limits = limits(s.get("limits"))
	l.trust(s, &c)
	return c
}

// limits reads how many commands a vCenter is sent.
func limits(n node) vsphere.Limits {
	s := n.section("commands_per_second", "commands_burst", "commands_at_once", "reads_at_once",
		"wait", "queue", "batch_from", "batch_most")
	l := vsphere.Limits{
		Rate:      s.get("commands_per_second").number(5, 0.1, 1000),
		Burst:     s.get("commands_burst").whole(32, 1, 10000),
		AtOnce:    s.get("commands_at_once").whole(8, 1, 100),
		Reads:     s.get("reads_at_once").whole(4, 1, 100),
		Wait:      s.get("wait").duration(1500*time.Millisecond, 100*time.Millisecond, time.Minute),
		Queue:     s.get("queue").whole(200, 1, 10000),
		BatchFrom: s.get("batch_from").whole(16, 1, 1000),
		BatchMost: s.get("batch_most").whole(32, 1, 256),
	}
	if l.Wait > 2*time.Second {
		s.get("wait").warn("is longer than the 2s after which clients are told node busy; a command may be carried out after that")
	}
	return l
}

// attributePrefix reads how our custom attributes begin; "" is none of them.
func attributePrefix(n node) string {
	text, ok := n.text()
	switch {
	case !ok:
		return "bmc."
	case strings.TrimSpace(text) != text:
		n.refuse("%q begins or ends with a blank", text)
	}
	return text
}

// login reads who the gateway is at a vCenter, and what it shows for that.
func (l *loader) login(s section, c *vsphere.Config) {
	pair := s.get("certificate_file")
	name, named := pair.filledText()
	switch s.get("auth").choice("password", "sts", "certificate") {
	case "certificate":
		c.Auth = vsphere.AuthCertificate
		for _, key := range append([]string{"username"}, secretKeys...) {
			if n := s.get(key); n.given() {
				n.refuse("is not used with auth: certificate; remove it")
			}
		}
		if named {
			c.Password = l.holder(pair, name)
		} else if !pair.given() {
			pair.missing("name the PEM file of a solution user's certificate and key")
		}
		return
	case "sts":
		c.Auth = vsphere.AuthToken
	}
	if pair.given() {
		pair.refuse("is not used without auth: certificate; add that or remove it")
	}
	user := s.get("username") // by its form not needed: with a certificate it is not
	if c.Username, _ = user.filledText(); !user.given() {
		user.missing("give the vCenter account, such as svc-bmc@vsphere.local")
	}
	if at, get, ok := l.secret(s); ok {
		if _, err := get(); err != nil {
			at.refuse("%v", err)
		}
		c.Password = get
	}
}

// holder reads a file with a certificate and its RSA key, now and at every login.
func (l *loader) holder(n node, name string) func() (string, error) {
	path := l.credential(name)
	l.checkMode(n, path)
	get := func() (string, error) {
		text, err := read(path, certificatesLimit)
		return string(text), err
	}
	text, err := get()
	if err != nil {
		n.refuse("%v", err)
		return get
	}
	pair, err := tls.X509KeyPair([]byte(text), []byte(text))
	if err != nil {
		n.refuse("%s: %v", path, err)
	} else if _, ok := pair.PrivateKey.(*rsa.PrivateKey); !ok {
		n.refuse("%s: the key is no RSA key, which the token service needs", path)
	}
	return get
}

// endpoint reads the address of a vCenter. Its SOAP service is always at /sdk.
func endpoint(n node) *url.URL {
	text, ok := n.needed("write it like https://vcenter.example.net")
	if !ok {
		return nil
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" && u.Opaque == "":
		n.refuse("is no URL; write it like https://vcenter.example.net")
	case u.Scheme != "https":
		n.refuse("begins with %s; vCenter is only spoken to by https", u.Scheme)
	case u.Hostname() == "":
		n.refuse("names no host; write it like https://vcenter.example.net")
	case u.User != nil: // not shown: it may hold a password
		n.refuse("holds a user name; use username and password_file")
	case u.Path != "" && u.Path != "/" && u.Path != "/sdk", u.RawQuery != "", u.Fragment != "":
		n.refuse("has something behind the host; write https://%s", u.Host)
	default:
		u.Path = "/sdk"
		return u
	}
	return nil
}

// trust reads how the certificate is checked: one of three ways, or else by the
// system's own CAs.
func (l *loader) trust(s section, c *vsphere.Config) {
	ca, thumb, insecure := s.get("ca_file"), s.get("thumbprint"), s.get("insecure_skip_verify")
	if path, ok := ca.filledText(); ok {
		c.RootCAs = l.certificates(ca, path)
	}
	if text, ok := thumb.filledText(); ok {
		c.Thumbprint = fingerprint(thumb, text)
	}
	c.Insecure = insecure.truth(false)
	switch {
	case c.Insecure && (ca.given() || thumb.given()):
		insecure.refuse("cannot be true beside ca_file or thumbprint, which would not be looked at; remove it")
	case ca.given() && thumb.given():
		thumb.refuse("and ca_file are two ways to check one certificate; keep one")
	case c.Insecure:
		insecure.warn("THE CERTIFICATE IS NOT CHECKED: whoever can redirect the connection gets the password; use thumbprint or ca_file")
	}
}

func (l *loader) certificates(n node, path string) *x509.CertPool {
	if !filepath.IsAbs(path) {
		path = filepath.Join(l.dir, path)
	}
	text, err := read(path, certificatesLimit)
	if err != nil {
		n.refuse("%v", err)
		return nil
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		n.refuse("%s holds no certificate in PEM form", path)
		return nil
	}
	return pool
}

// fingerprint brings the hash of a certificate into one form: upper-case, with colons.
func fingerprint(n node, text string) string {
	sum, err := hex.DecodeString(strings.ReplaceAll(text, ":", ""))
	if err != nil || len(sum) != 32 && len(sum) != 20 {
		n.refuse("is no SHA-256 (32 bytes) or SHA-1 (20 bytes) in hexadecimal, such as AA:BB:...")
		return ""
	}
	pairs := make([]string, len(sum))
	for i, b := range sum {
		pairs[i] = strings.ToUpper(hex.EncodeToString([]byte{b}))
	}
	return strings.Join(pairs, ":")
}
