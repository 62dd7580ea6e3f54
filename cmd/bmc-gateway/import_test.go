package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Without a directory, those of the two programs at home are read.
func TestImportVBMC(t *testing.T) {
	home := t.TempDir()
	env := func(name string) string {
		if name == "HOME" {
			return home
		}
		return ""
	}
	if code, _, says := command(t, env, "import", "vbmc"); code != exitFailed || !strings.Contains(says, "neither ~/.vsbmc nor ~/.vbmc") {
		t.Errorf("nothing at home: exit code %d: %s", code, says)
	}
	dir := filepath.Join(home, ".vsbmc", "esxi01")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	text := "[VirtualBMC]\nusername = admin\npassword = S3cretWord\naddress = ::\nport = 6230\nvm_name = esxi01\n" +
		"viserver = vc.example.net\nviserver_username = svc\nviserver_password = S3cretOne\nactive = False\n\n"
	if err := os.WriteFile(filepath.Join(dir, "config"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	code, printed, says := command(t, env, "import", "vbmc", "--all")
	if code != exitOK || !strings.Contains(printed, `legacy_ports:`) || strings.Contains(printed+says, "S3cret") {
		t.Errorf("exit code %d\n%s\n%s", code, printed, says)
	}
	code, _, says = command(t, env, "import", "vbmc")
	if code != exitFailed || !strings.Contains(says, "note: "+dir+"/config: \"esxi01\" is not active") {
		t.Errorf("exit code %d: %s", code, says)
	}
}
