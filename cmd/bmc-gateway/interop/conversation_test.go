package interop

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"
)

// A conversation is what a client and the subject said to each other: all
// datagrams, in the order the subject saw them.
type conversation struct {
	program string // and its version
	lines   []string
	said    []datagram
}

// A datagram is one packet, with the time the subject received it.
type datagram struct {
	fromClient bool
	at         time.Time // of one from the client
	client     netip.AddrPort
	bytes      []byte
}

const (
	toSubject = ">"
	toClient  = "<"
)

// write stores the conversation as text: comments say who speaks, then a line
// for each datagram: direction, time and client for those of the client, bytes.
func (c *conversation) write(t *testing.T, path string) {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", c.program)
	for _, l := range c.lines {
		fmt.Fprintf(&b, "# $ %s\n", l)
	}
	for _, d := range c.said {
		if d.fromClient {
			fmt.Fprintf(&b, "%s %s %s %x\n", toSubject, d.at.UTC().Format(time.RFC3339Nano), d.client, d.bytes)
		} else {
			fmt.Fprintf(&b, "%s %x\n", toClient, d.bytes)
		}
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

func readConversation(t *testing.T, path string) *conversation {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	c := &conversation{}
	scanner := bufio.NewScanner(f)
	for n := 1; scanner.Scan(); n++ {
		if strings.HasPrefix(scanner.Text(), "#") {
			continue
		}
		d, err := parseDatagram(strings.Fields(scanner.Text()))
		if err != nil {
			t.Fatalf("%s:%d: %v", path, n, err)
		}
		c.said = append(c.said, d)
	}
	if err := scanner.Err(); err != nil {
		t.Fatal(err)
	}
	if len(c.said) == 0 {
		t.Fatalf("%s: nothing was said", path)
	}
	return c
}

func parseDatagram(fields []string) (d datagram, err error) {
	switch {
	case len(fields) == 2 && fields[0] == toClient:
	case len(fields) == 4 && fields[0] == toSubject:
		d.fromClient = true
		if d.at, err = time.Parse(time.RFC3339Nano, fields[1]); err != nil {
			return d, err
		}
		if d.client, err = netip.ParseAddrPort(fields[2]); err != nil {
			return d, err
		}
	default:
		return d, fmt.Errorf("not a datagram: %q", fields)
	}
	d.bytes, err = hex.DecodeString(fields[len(fields)-1])
	return d, err
}
