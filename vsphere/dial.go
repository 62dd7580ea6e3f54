package vsphere

import (
	"context"
	"crypto/sha1" // vSphere still shows SHA-1 thumbprints in places
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

// spareConns is how many connections to a vCenter there may be beside those of the
// calls that the limits allow at once: the watch's, those of logins, and some that
// are being dialled for calls that did not wait. A vCenter that swallows packets
// must not collect them.
const spareConns = 12

// deadPath has the kernel find out within 20 s that nobody is at the other end of a
// connection any more. A watch that waits sends nothing by itself, and would hear of
// it with its own timeout only.
var deadPath = net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 5 * time.Second, Count: 3}

// newTransport returns the HTTP transport that all sessions of one vCenter
// share. It replaces govmomi's, whose TLS dial knows neither context nor
// timeout: each call to a vCenter that swallows packets would leave a goroutine
// and a socket behind. vCenter is dialled directly, never through a proxy.
func newTransport(cfg Config) (*http.Transport, error) {
	conf, err := tlsConfig(cfg)
	if err != nil {
		return nil, err
	}
	return &http.Transport{
		DialTLSContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return dialTLS(ctx, network, addr, conf, cfg.DialTimeout)
		},
		MaxConnsPerHost:     cfg.Limits.AtOnce + cfg.Limits.Reads + spareConns,
		MaxIdleConnsPerHost: 16, // the default of 2 makes a burst of verbs dial anew each time
		IdleConnTimeout:     2 * time.Minute,
	}, nil
}

// dialTLS connects within timeout and then shakes hands within timeout.
func dialTLS(ctx context.Context, network, addr string, conf *tls.Config, timeout time.Duration) (net.Conn, error) {
	raw, err := (&net.Dialer{Timeout: timeout, KeepAliveConfig: deadPath}).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	conf = conf.Clone()
	if conf.ServerName, _, err = net.SplitHostPort(addr); err != nil {
		return nil, errors.Join(err, raw.Close())
	}
	conn := tls.Client(raw, conf)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("TLS with %s: %w", addr, err), raw.Close())
	}
	return conn, nil
}

func tlsConfig(cfg Config) (*tls.Config, error) {
	conf := &tls.Config{RootCAs: cfg.RootCAs, MinVersion: tls.VersionTLS12}
	switch {
	case cfg.Insecure:
		conf.InsecureSkipVerify = true
	case cfg.Thumbprint != "":
		pin, err := parseThumbprint(cfg.Thumbprint)
		if err != nil {
			return nil, err
		}
		// A strict pin: this certificate and no other, whoever signed it.
		conf.InsecureSkipVerify = true
		conf.VerifyConnection = func(s tls.ConnectionState) error { return checkPin(s, pin) }
	}
	return conf, nil
}

// parseThumbprint reads the hexadecimal SHA-256 or SHA-1 of a certificate, with
// or without colons.
func parseThumbprint(s string) ([]byte, error) {
	sum, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(s), ":", ""))
	if err != nil {
		return nil, fmt.Errorf("thumbprint %q: not hexadecimal", s)
	}
	if len(sum) != sha256.Size && len(sum) != sha1.Size {
		return nil, fmt.Errorf("thumbprint %q: %d bytes, want %d (SHA-256) or %d (SHA-1)", s, len(sum), sha256.Size, sha1.Size)
	}
	return sum, nil
}

func checkPin(s tls.ConnectionState, pin []byte) error {
	if len(s.PeerCertificates) == 0 {
		return errors.New("server sent no certificate")
	}
	raw := s.PeerCertificates[0].Raw
	long, short := sha256.Sum256(raw), sha1.Sum(raw)
	got := long[:]
	if len(pin) == sha1.Size {
		got = short[:]
	}
	if subtle.ConstantTimeCompare(got, pin) != 1 {
		return &pinError{thumbprint(long[:])}
	}
	return nil
}

// A pinError is a certificate that is not the configured one.
type pinError struct{ got string }

func (e *pinError) Error() string {
	return fmt.Sprintf("certificate has thumbprint %s, which is not the configured one", e.got)
}

// thumbprint spells a checksum the way vSphere shows it, "AA:BB:…".
func thumbprint(sum []byte) string {
	parts := make([]string, len(sum))
	for i, b := range sum {
		parts[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(parts, ":")
}
