package main

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

func (f fixed) Reload(dryRun bool, _ admin.Caller) (admin.Reload, error) {
	return admin.Reload{DryRun: dryRun, Applied: !dryRun, Warnings: []string{"config.yaml:9: careful"}, Steps: []admin.ReloadStep{
		{Kind: "setting", Name: "state.path", Action: admin.ReloadLater},
		{Kind: "tenant", Name: "lab-a", Action: admin.ReloadChange, What: []string{"accounts", "power"}},
	}}, nil
}

func TestReload(t *testing.T) {
	socket := daemon(t, lab())
	table := []string{"WHAT NAME ACTION BECAUSE OF", "setting state.path at restart -", "tenant lab-a change accounts, power"}
	for _, tt := range []struct {
		name string
		args []string
		want []string
	}{
		{"for good", nil, table},
		{"dry run", []string{"--dry-run"}, append(table[:3:3], "nothing has been changed: this was a dry run")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, stdout, stderr := command(t, none, append([]string{"--socket", socket, "reload"}, tt.args...)...)
			if code != exitOK || stderr != "config.yaml:9: careful\n" {
				t.Errorf("exit code %d, standard error %q", code, stderr)
			}
			if diff := cmp.Diff(tt.want, squeeze(strings.Split(stdout, "\n"))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if code, _, _ := command(t, none, "--socket", socket, "reload", "-o", "xml"); code != exitUsage {
		t.Errorf("another format: exit code %d, want %d", code, exitUsage)
	}
}

// The daemon reads its file again, by signal and by socket; a mistake in it changes
// nothing, and status, metrics and log say so.
func TestServeReloads(t *testing.T) {
	dir := t.TempDir()
	socket := filepath.Join(dir, "admin.sock")
	text := strings.NewReplacer("interface: eth0, cidr: 192.0.2.0/24", "assign: existing, ranges: [127.99.2.1-127.99.2.9]",
		"https://vc-lab.example.net", "https://127.0.0.1:1").Replace(goodConfig) + "http: {listen: \"\"}\nstate: {path: " + filepath.Join(dir, "state.db") + "}\n"
	secret := filepath.Join(dir, "operator")
	rotate := func(password string) {
		t.Helper()
		if err := os.WriteFile(secret, []byte(password+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	rotate("S3cretWord")
	path := configFile(t, strings.Replace(text, "password_env: OPERATOR", "password_file: "+secret, 1))

	ctx, stop := context.WithCancel(t.Context())
	var stdout, stderr bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"serve", "-c", path, "--socket", socket}, operatorEnv, &stdout, &stderr)
	}()
	reached(t, socket, ended)
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if code, out, says := command(t, none, "--socket", socket, "reload"); code != exitOK || out != "nothing has changed\n" {
		t.Errorf("the same file: exit code %d, %q, %q", code, out, says)
	}

	// The same file, and another password where it points to.
	rotate("S3cretRotated")
	if code, out, _ := command(t, none, "--socket", socket, "reload"); code != exitOK || !slices.Contains(squeeze(strings.Split(out, "\n")), "tenant lab-a change accounts") {
		t.Errorf("a rotated password: exit code %d, %q", code, out)
	}

	write(text + "tenant: []\n")
	code, out, says := command(t, none, "--socket", socket, "reload")
	if code != exitUsage || out != "" || !strings.Contains(says, "tenant: ") || !strings.Contains(says, path+":") {
		t.Errorf("a mistake: exit code %d, %q, %q", code, out, says)
	}
	if code, _, says := command(t, none, "--socket", socket, "status"); code != exitFailed || !strings.Contains(says, "the configuration has 1 error since") {
		t.Errorf("status after it: exit code %d, %q", code, says)
	}

	write(strings.Replace(text, "127.99.2.9", "127.99.2.8", 1))
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(time.Minute)
	for done := false; !done; {
		s, err := admin.NewClient(socket).Status(t.Context())
		done = err == nil && s.Config.Applied && len(s.Pools) == 1 && s.Pools[0].Addresses == 8
		if time.Now().After(deadline) {
			t.Fatalf("after SIGHUP: %v, %+v", err, s)
		}
	}
	text = strings.Replace(text, `http: {listen: ""}`, `http: {listen: "127.99.2.77:29623", hosts: [gw.example]}`, 1)
	write(text)
	if code, out, says := command(t, none, "--socket", socket, "reload"); code != exitOK || !slices.Contains(squeeze(strings.Split(out, "\n")), "setting http.listen change -") {
		t.Errorf("a page where there was none: exit code %d, %q, %q", code, out, says)
	}
	wantPage(t, "127.99.2.77:29623", "gw.example", http.StatusOK)
	wantPage(t, "127.99.2.77:29623", "other.example", http.StatusMisdirectedRequest)
	write(strings.Replace(text, "gw.example", "other.example", 1))
	if code, _, says := command(t, none, "--socket", socket, "reload"); code != exitOK {
		t.Errorf("another name: exit code %d, %q", code, says)
	}
	wantPage(t, "127.99.2.77:29623", "other.example", http.StatusOK)
	stop()
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d\n%s", code, &stderr)
	}
	for _, want := range []string{"the configuration is not reloaded: the one before stays in force", "configuration reloaded"} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("%q is not in the log:\n%s", want, &stderr)
		}
	}
	if strings.Contains(stderr.String(), "S3cret") {
		t.Errorf("a password is in the log:\n%s", &stderr)
	}
}

// wantPage fails the test unless the daemon answers a request by that name so.
func wantPage(t *testing.T, at, host string, want int) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+at+"/healthz", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Error(err)
		return
	}
	_ = resp.Body.Close()
	if resp.StatusCode != want {
		t.Errorf("asked for %s: %d, want %d", host, resp.StatusCode, want)
	}
}
