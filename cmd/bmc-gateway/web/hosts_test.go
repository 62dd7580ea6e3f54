package web

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
)

func TestIsOurs(t *testing.T) {
	more := []string{"gw.example.net", "192.0.2.9", "bmc.example.net."}
	for _, tt := range []struct {
		listen, host string
		want         bool
	}{
		{"127.0.0.1:9623", "127.0.0.1:9623", true},
		{"127.0.0.1:9623", "127.0.0.1", true},
		{"127.0.0.1:9623", "127.8.8.8:80", true},
		{"127.0.0.1:9623", "localhost:9623", true},
		{"127.0.0.1:9623", "LocalHost.", true},
		{"127.0.0.1:9623", "[::1]:9623", true},
		{"127.0.0.1:9623", "[::ffff:127.0.0.1]", true},
		{"[::1]:9623", "[::1]", true},
		{"127.0.0.1:9623", "", true}, // HTTP/1.0
		{"127.0.0.1:9623", "gw.example.net:8080", true},
		{"127.0.0.1:9623", "GW.example.net.", true},
		{"127.0.0.1:9623", "bmc.example.net", true},
		{"127.0.0.1:9623", "192.0.2.9:9623", true},
		{"127.0.0.1:9623", "evil.example", false},
		{"127.0.0.1:9623", "evil.example:9623", false},
		{"127.0.0.1:9623", "gw.example.net.evil.example", false},
		{"127.0.0.1:9623", "localhost.evil.example", false},
		{"127.0.0.1:9623", "127.0.0.1.evil.example", false},
		{"127.0.0.1:9623", "192.0.2.2", false},
		{"127.0.0.1:9623", "0.0.0.0:9623", false},
		{"192.0.2.2:9623", "192.0.2.2:9623", true},
		{"192.0.2.2:9623", "192.0.2.3", false},
		{"[2001:db8::2]:9623", "[2001:DB8:0::2]:9623", true},
		{"gateway.lan:9623", "Gateway.lan:9623", true},
		{"0.0.0.0:9623", "192.0.2.3:9623", true},
		{"[::]:9623", "[2001:db8::7]:9623", true},
		{"0.0.0.0:9623", "evil.example:9623", false},
		{"0.0.0.0:9623", "1.evil.example", false},
	} {
		if got := isOurs(hostOf(tt.host), hostOf(tt.listen), more); got != tt.want {
			t.Errorf("on %s, asked for %q: %t", tt.listen, tt.host, got)
		}
	}
}

// ask sends a request for a host by that name, and returns the answer.
func ask(t *testing.T, at, host, auth string) (int, string) {
	t.Helper()
	return send(t, plain(), "http://"+at+"/sd/prometheus", func(req *http.Request) {
		req.Host = host
		if auth != "" {
			req.SetBasicAuth(auth, auth+auth)
		}
	})
}

// A page of another name that has come to mean our address reads nothing (DNS
// rebinding), unless a password or TLS keeps it out anyhow.
func TestAnotherName(t *testing.T) {
	f := lab()
	f.access.Hosts = []string{"gw.example.net"}
	open := serve(t, "", f)
	for host, want := range map[string]int{
		open: 200, "localhost:9623": 200, "[::1]:9623": 200, "gw.example.net:9623": 200, "evil.example": 421, "evil.example:9623": 421,
	} {
		code, body := ask(t, open, host, "")
		if code != want {
			t.Errorf("%s: %d, want %d", host, code, want)
		}
		if told := strings.Contains(body, "esxi01"); told != (want == 200) {
			t.Errorf("%s: %s", host, body)
		}
		if code == 421 && !strings.Contains(body, `"evil.example" is not a name of this gateway. Ask for its address, or add the name to http.hosts.`) {
			t.Errorf("%s: %s", host, body)
		}
	}
	guarded := serve(t, users(t, "ops"), lab())
	if code, _ := ask(t, guarded, "gw.lan", "ops"); code != 200 {
		t.Errorf("with a password: %d", code)
	}
	nothing := users(t)
	if err := os.WriteFile(nothing, []byte("http_server_config: {http2: true}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _ := ask(t, serve(t, nothing, lab()), "evil.example", ""); code != 421 {
		t.Errorf("with a file that asks for nothing: %d", code)
	}
}

// A client that says no name is no browser.
func TestNoName(t *testing.T) {
	at := serve(t, "", lab())
	conn, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "GET /healthz HTTP/1.0\r\n\r\n")
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, " 200 ") {
		t.Errorf("%q, %v", line, err)
	}
}
