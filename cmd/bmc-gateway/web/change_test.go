package web

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// running is a server that runs until the test ends.
func running(t *testing.T, c Config) *Server {
	t.Helper()
	s, err := Listen(c, prometheus.NewRegistry(), lab(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if s.now != nil { // as it would be configured
		s.now.config.Listen = s.Addr().String()
	}
	untilTheEnd(t, s)
	return s
}

func prepared(t *testing.T, s *Server, c Config, what ...string) Change {
	t.Helper()
	change, err := s.Prepare(c)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(change.What, what) {
		t.Errorf("because of %v, want %v", change.What, what)
	}
	return change
}

// answers says how the address answers: "http", "https", "closed".
func answers(t *testing.T, at string) string {
	t.Helper()
	secure := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	for scheme, c := range map[string]*http.Client{"http": plain(), "https": secure} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, scheme+"://"+at+"/healthz", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.Do(req)
		if errors.Is(err, syscall.ECONNREFUSED) {
			return "closed"
		}
		if err != nil {
			continue
		}
		_ = resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			return scheme
		}
	}
	return "neither"
}

func wantAnswer(t *testing.T, when, at, want string) {
	t.Helper()
	if got := answers(t, at); got != want {
		t.Errorf("%s: %s answers %q, want %q", when, at, got, want)
	}
}

func TestChangeOfTheAddress(t *testing.T) {
	s := running(t, Config{Listen: "127.0.0.1:0"})
	first := s.Addr().String()
	prepared(t, s, Config{Listen: first}).Apply()
	wantAnswer(t, "nothing has changed", first, "http")

	dropped := prepared(t, s, Config{Listen: "127.0.0.2:0"})
	dropped.Drop()
	wantAnswer(t, "given up", first, "http")

	prepared(t, s, Config{Listen: "127.0.0.2:0"}).Apply()
	second := s.Addr().String()
	wantAnswer(t, "another address", first, "closed")
	wantAnswer(t, "another address", second, "http")

	s.now.config.Listen = second
	_, port, err := net.SplitHostPort(second)
	if err != nil {
		t.Fatal(err)
	}
	prepared(t, s, Config{Listen: "0.0.0.0:" + port}).Apply() // which is in the way of itself
	wantAnswer(t, "all addresses", second, "http")
	wantAnswer(t, "all addresses", "127.0.0.3:"+port, "http")

	prepared(t, s, Config{}).Apply()
	wantAnswer(t, "none", second, "closed")
	if s.Addr() != nil || s.streams() != 0 {
		t.Error("it is said to listen")
	}
	prepared(t, s, Config{Listen: "127.0.0.1:0"}).Apply()
	wantAnswer(t, "again", s.Addr().String(), "http")

	taken, err := net.Listen("tcp", "127.0.0.4:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if _, err := s.Prepare(Config{Listen: taken.Addr().String()}); err == nil || !strings.HasPrefix(err.Error(), "http.listen: ") {
		t.Errorf("an address that is taken: %v", err)
	}
	wantAnswer(t, "after it", s.Addr().String(), "http")
}

// What of the file is read when a door is opened only is taken over by a change, and
// nobody who comes meanwhile is turned away.
func TestChangeOfTheFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "web.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	certificate(t, dir)
	const secure = "tls_server_config: {cert_file: cert.pem, key_file: key.pem}\n"
	write("rate_limit: {interval: 1ns, burst: 1000000}\n")
	s := running(t, Config{Listen: "127.0.0.1:0", File: file})
	at := s.Addr().String()
	c := Config{Listen: at, File: file}

	over := make(chan struct{})
	var comers sync.WaitGroup
	comers.Go(func() {
		for {
			conn, err := net.Dial("tcp", at)
			if errors.Is(err, syscall.ECONNREFUSED) {
				t.Error("somebody was turned away")
				return
			}
			if err == nil {
				_ = conn.Close()
			}
			select {
			case <-over:
				return
			default:
			}
		}
	})
	wantAnswer(t, "at first", at, "http")
	write(secure + "rate_limit: {interval: 1ns, burst: 1000000}\n")
	prepared(t, s, c, "tls_server_config").Drop()
	wantAnswer(t, "not applied", at, "http")
	prepared(t, s, c, "tls_server_config").Apply()
	wantAnswer(t, "with TLS", at, "https")
	write(secure + "http_server_config: {http2: false}\n")
	prepared(t, s, c, "http2", "rate_limit").Apply()
	wantAnswer(t, "without HTTP/2", at, "https")
	write(secure + "http_server_config: {http2: false}\nbasic_auth_users: {}\n")
	prepared(t, s, c).Apply() // users are read again for each request

	write("tls_server_config: [S3cretWord\n")
	if _, err := s.Prepare(c); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a broken file: %v", err)
	}
	write("")
	prepared(t, s, c, "tls_server_config", "http2").Apply()
	wantAnswer(t, "without TLS", at, "http")
	prepared(t, s, Config{Listen: at}).Apply()
	wantAnswer(t, "without a file", at, "http")
	close(over)
	comers.Wait()
}

// openPage follows the list of BMCs, as a browser does, and has its first event.
func openPage(t *testing.T, s *Server) io.Reader {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.Addr().String()+"/live/bmcs", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := plain().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	if line, err := bufio.NewReader(resp.Body).ReadString('\n'); err != nil || !strings.HasPrefix(line, "event: ") {
		t.Errorf("first %q, %v", line, err)
	}
	return resp.Body
}

// An open page ends well when the server is changed: it asks again at the next one.
func TestChangeEndsStreamsWell(t *testing.T) {
	s := running(t, Config{Listen: "127.0.0.1:0"})
	page := openPage(t, s)
	prepared(t, s, Config{Listen: "127.0.0.2:0"}).Apply()
	if _, err := io.Copy(io.Discard, page); err != nil {
		t.Errorf("the stream was cut off: %v", err)
	}
}

// certificate writes cert.pem and key.pem.
func certificate(t *testing.T, dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, about, about, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: cert}, "key.pem": {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
