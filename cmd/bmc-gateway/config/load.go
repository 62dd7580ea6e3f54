package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/bmc-gateway/bmc-gateway/gateway"
)

// Version is the only apiVersion this program reads.
const Version = "bmc-gateway/v1"

// fileLimit is the most a configuration file may have, in bytes: 4 MB.
const fileLimit = 4 << 20

// A loader holds what reading needs besides the file.
type loader struct {
	*report // of the main file
	env     func(string) string
	dir     string    // of the main file; relative paths start here
	dropIns []section // the files of conf.d

	vcenters, pools, tenants naming

	lent   []gateway.Pool      // those read so far
	pinned map[netip.Addr]node // by some tenant, and where
	legacy []legacyPort        // of all tenants so far
	http   section
	named  []webUser // users of the HTTP server, in the order they are named
}

// Load reads the configuration file at path, and those in conf.d beside it. env
// looks up environment variables; it gives secrets, and values that go before
// those of the file (BMC_GATEWAY_LOG_LEVEL and the like). When the file was read,
// the error is Problems with everything that is wrong in any of them; warnings
// are told in either case.
func Load(path string, env func(string) string) (gateway.Config, []Warning, error) {
	text, err := read(path, fileLimit)
	if err != nil {
		return gateway.Config{}, nil, err
	}
	l := newLoader(path, env)
	var cfg gateway.Config
	if root, ok := l.report.parse(text); ok {
		l.readDropIns()
		cfg = l.config(root)
	}
	problems, warnings := l.sorted()
	if len(problems) > 0 {
		return gateway.Config{}, warnings, problems
	}
	return cfg, warnings, nil
}

func newLoader(path string, env func(string) string) *loader {
	return &loader{report: new(findings).about(path), env: env, dir: filepath.Dir(path), pinned: make(map[netip.Addr]node)}
}

// read returns a file of limit bytes at most. Its errors name the file.
func read(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, errors.Unwrap(err)) // without "open"
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(text)) > limit {
		return nil, fmt.Errorf("%s: larger than %d bytes", path, limit)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, errors.Unwrap(err))
	}
	return text, nil
}

// parse returns the root of the one document in the file.
func (r *report) parse(text []byte) (node, bool) {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var doc, second yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF) || err == nil && doc.Content[0].Tag == "!!null":
		r.refuse(1, "", "the file is empty; it begins with apiVersion: %s", Version)
		return node{}, false
	case err != nil:
		r.syntax(err)
		return node{}, false
	}
	switch err := dec.Decode(&second); {
	case err == nil:
		r.refuse(second.Line, "", "a second document begins here; one file holds one")
	case !errors.Is(err, io.EOF):
		r.syntax(err)
	}
	return node{report: r, line: 1, yaml: doc.Content[0]}, true
}

var yamlError = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// fromZero are the parser's own complaints, for which it counts lines from 0;
// for those of its scanner it counts from 1.
var fromZero = regexp.MustCompile(`^did not find expected (key|'.' indicator|',' or '.'|node content|<.*>)$`)

// syntax brings the parser's words into our form.
func (r *report) syntax(err error) {
	m := yamlError.FindStringSubmatch(err.Error())
	if m == nil {
		m = []string{"", "", err.Error()}
	}
	line, _ := strconv.Atoi(m[1]) // 0 when it does not say
	if line > 0 && fromZero.MatchString(m[2]) {
		line++
	}
	r.refuse(line, "", "not YAML: %s", m[2])
}

// config reads the whole file. The order matters: references are resolved
// among names read before.
func (l *loader) config(root node) gateway.Config {
	s := root.section("apiVersion", "log", "admin", "http", "audit", "state", "defaults", "vcenters", "pools", "tenants")
	s.checkVersion()
	cfg := gateway.Config{}
	l.scalars(s, &cfg)
	otherwise := l.defaults(s.get("defaults"))

	for _, n := range l.all(s, "vcenters", "at least one vCenter is needed") {
		cfg.VCenters = append(cfg.VCenters, l.vcenter(n))
	}
	cfg.Pools = l.allPools(l.all(s, "pools", "at least one address pool is needed"))
	l.lent = cfg.Pools
	for _, n := range l.all(s, "tenants", "at least one tenant is needed") {
		cfg.Tenants = append(cfg.Tenants, l.tenant(n, otherwise))
	}
	l.webAccess(cfg)
	l.unused(s, cfg)
	l.shared(s, cfg)
	return cfg
}

func (s section) checkVersion() {
	if v, ok := s.get("apiVersion").needed("write apiVersion: " + Version); ok && v != Version {
		s.get("apiVersion").refuse("%q is not known; this program reads %s", v, Version)
	}
}
