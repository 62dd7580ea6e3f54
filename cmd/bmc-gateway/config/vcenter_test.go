package config

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"strings"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

// pairOf returns a self-signed certificate and its key as PEM.
func pairOf(t *testing.T, key crypto.Signer) string {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})) +
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}))
}

func TestLoginByCertificate(t *testing.T) {
	text, err := os.ReadFile("testdata/good/minimal.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path := write(t, dir, "config.yaml", strings.Replace(string(text), "username: svc-bmc, password_env: VC_PASSWORD",
		"auth: certificate, certificate_file: holder.pem", 1), 0o600)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pair := pairOf(t, key)
	write(t, dir, "holder.pem", pair, 0o600)
	vc := load(t, path, environment).VCenters[0]
	if got, err := vc.Password(); vc.Auth != vsphere.AuthCertificate || got != pair || err != nil {
		t.Errorf("auth %v, %v, the file's content: %v", vc.Auth, err, got == pair)
	}

	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "holder.pem", pairOf(t, other), 0o600)
	if _, _, err := Load(path, environment); err == nil || !strings.Contains(err.Error(), "the key is no RSA key") {
		t.Errorf("an ECDSA key: %v", err)
	}
}
