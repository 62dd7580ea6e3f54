package web

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// However an address is written, and whatever a client says it has already, a tenant's
// user is told nothing of another's BMC: neither its name nor that it is there.
func TestNoWayAround(t *testing.T) {
	f := shared()
	b := &f.bmcs[3]
	b.Name, b.VM.Name, b.MAC, b.Cluster, b.SelectedBy = "payroll", "payroll", "02:aa:bb:cc:dd:ee", "gold-b", []string{"tag payroll"}
	b.Address, b.Port = netip.MustParseAddr("10.99.0.1"), 623
	b.Sessions, b.Accounts = []admin.Session{{Account: "payroll"}}, []admin.Account{{Name: "payroll"}}
	at := serve(t, users(t, "ops", "ann"), f)
	const id = "5026aaaa-04"
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodOptions} {
		for _, path := range []string{
			"/bmcs/lab-b/" + id, "//bmcs/lab-b/" + id, "/bmcs//lab-b/" + id, "/bmcs/lab-b/" + id + "/", "/bmcs/lab-b/" + strings.ToUpper(id),
			"/bmcs/LAB-B/" + id, "/bmcs/lab%2Db/" + id, "/bmcs/lab-a/../lab-b/" + id, "/bmcs/lab-a/..%2Flab-b%2F" + id, "/bmcs/lab-a%2F..%2Flab-b/" + id,
			"/bmcs/lab-a/" + id, "/bmcs/lab-a/lab-b%2Fpayroll", "/bmcs/%20lab-b/" + id, "/bmcs/lab-b%00/" + id, "/bmcs/lab-a%01lab-b/" + id, "/bmcs//" + id,
			"/live/bmcs/lab-b/" + id, "//live/bmcs/lab-b/" + id, "/live/bmcs/lab-b/" + id + "?has=gone", "/live/../bmcs/lab-b/" + id,
			"/bmcs?tenant=lab-b", "/bmcs?tenant=lab-a&tenant=lab-b", "/bmcs?tenant=lab-b&tenant=lab-a", "/bmcs?tenant=", "/bmcs?q=payroll", "/bmcs?vcenter=vc-lab-b",
			"/bmcs?state=pending", "/bmcs?page=-1", "/bmcs?page=99999999999999999999", "/bmcs?pool=pool-shared", "/bmcs;tenant=lab-b", "/bmcs?sort=address&state=problem",
			"/metrics/bmcs?tenant=lab-b", "/metrics/bmcs?tenant=lab-a&tenant=lab-b", "/metrics/bmcs?tenant=LAB-B", "/metrics/bmcs/", "/metrics//bmcs", "/metrics/", "/METRICS",
			"/sd/prometheus?tenant=lab-b", "/sd/prometheus?exporter=ipmi&tenant=lab-a&tenant=lab-b", "/sd//prometheus", "/readyz?strict=1", "/readyz/", "http://gw/bmcs/lab-b/" + id,
		} {
			status, body := raw(t, at, "ann", method, path)
			for _, secret := range []string{"payroll", "02:aa:bb", "gold-b", "10.99.0.1", "secret"} {
				if strings.Contains(body, secret) && !strings.Contains(path, secret) {
					t.Errorf("%s %s: %s tells %q:\n%s", method, path, status, secret, body)
				}
			}
			if strings.Contains(path, "/lab-b/") && strings.HasPrefix(status, "2") && method != http.MethodOptions {
				t.Errorf("%s %s: %s", method, path, status)
			}
		}
	}
	for _, path := range []string{"/bmcs/lab-b/" + id, "/bmcs?tenant=lab-b", "/metrics/bmcs?tenant=lab-b", "/sd/prometheus?tenant=lab-b"} {
		if status, body := raw(t, at, "ops", http.MethodGet, path); !strings.Contains(body, "payroll") {
			t.Errorf("an administrator is not told either: %s: %s", path, status)
		}
	}
}

// raw sends an address as it is written, which http.Client would clean, with all that
// a client can say of what it has, and returns how the answer begins.
func raw(t *testing.T, at, user, method, path string) (status, text string) {
	t.Helper()
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, "/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(user, user+user)
	fmt.Fprintf(c, "%s %s HTTP/1.1\r\nHost: gw\r\nAuthorization: %s\r\nLast-Event-ID: gone\r\nIf-None-Match: *\r\nRange: bytes=0-\r\nX-Original-URL: /\r\nConnection: close\r\n\r\n",
		method, path, r.Header.Get("Authorization"))
	resp, err := http.ReadResponse(bufio.NewReader(c), r)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	var all strings.Builder
	if err := resp.Header.Write(&all); err != nil {
		t.Fatal(err)
	}
	stream := strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream")
	for lines := bufio.NewReader(resp.Body); ; {
		line, err := lines.ReadString('\n')
		all.WriteString(line)
		if err != nil || stream && line == "\n" {
			return resp.Status, all.String()
		}
	}
}
