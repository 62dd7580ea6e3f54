package config

import (
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/viper"

	"github.com/bmc-gateway/bmc-gateway/gateway"
	"github.com/bmc-gateway/bmc-gateway/gateway/audit"
)

// DefaultAdminSocket is where the daemon answers unless told otherwise.
const DefaultAdminSocket = "/run/bmc-gateway/admin.sock"

// DefaultPath is where the configuration is unless told otherwise.
const DefaultPath = "/etc/bmc-gateway/config.yaml"

// A scalar is a key that the environment can set as well: log.level is
// BMC_GATEWAY_LOG_LEVEL.
type scalar struct {
	section, key string
	otherwise    string
	words        []string // all that it may be; nil: what check says
	check        func(string) error
	into         func(*gateway.Config) *string
}

var (
	levels  = []string{"debug", "info", "warn", "error"}
	formats = []string{"auto", "text", "json"}
	logins  = []string{string(gateway.FailedLogins), string(gateway.AllLogins), string(gateway.NoLogins)}
)

var scalars = []scalar{
	{"log", "level", "info", levels, oneOf(levels...), func(c *gateway.Config) *string { return &c.LogLevel }},
	{"log", "format", "auto", formats, oneOf(formats...), func(c *gateway.Config) *string { return &c.LogFormat }},
	{"admin", "socket", DefaultAdminSocket, nil, socketPath, func(c *gateway.Config) *string { return &c.AdminSocket }},
	{"http", "listen", "127.0.0.1:9623", nil, listenAddress, func(c *gateway.Config) *string { return &c.HTTPListen }},
	{"http", "web_config_file", "", nil, webConfig, func(c *gateway.Config) *string { return &c.HTTPWebConfig }},
	{"audit", "file", "", nil, auditFile, func(c *gateway.Config) *string { return &c.Audit.File }},
	{"audit", "logins", "failed", logins, oneOf(logins...), func(c *gateway.Config) *string { return (*string)(&c.Audit.Logins) }},
	{"state", "path", "/var/lib/bmc-gateway/state.db", nil, absolute, func(c *gateway.Config) *string { return &c.StatePath }},
}

// EnvName returns the environment variable of a key: "log.level" is
// BMC_GATEWAY_LOG_LEVEL.
func EnvName(key string) string {
	return "BMC_GATEWAY_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

// scalars reads the sections that hold single values. Viper knows which source
// goes first: environment, file, default.
func (l *loader) scalars(s section, cfg *gateway.Config) {
	values := viper.New()
	sections := map[string]section{}
	for _, one := range scalars {
		if _, ok := sections[one.section]; !ok {
			sections[one.section] = s.get(one.section).section(keysOf(one.section)...)
		}
		key := one.section + "." + one.key
		at := sections[one.section].get(one.key)
		at.oneOfWords(one.words, one.otherwise)
		values.SetDefault(key, one.otherwise)
		if text, ok := at.text(); ok {
			// Only the keys of the table above get here, so viper's lower-casing changes nothing.
			_ = values.MergeConfigMap(map[string]any{one.section: map[string]any{one.key: text}})
		}
		fromEnv := l.env(EnvName(key))
		if fromEnv != "" {
			values.Set(key, fromEnv)
		}
		value := values.GetString(key)
		if err := one.check(value); err != nil && fromEnv != "" {
			l.problems = append(l.problems, Problem{Key: EnvName(key), Text: err.Error()})
		} else if err != nil {
			at.refuse("%v", err)
		}
		*one.into(cfg) = value
	}
	l.http = sections["http"]
	cfg.HTTPHosts = webHosts(l.http.get("hosts"))
	cfg.HTTPAdmins = l.webUsers(l.http.get("admins"))
}

func keysOf(section string) (keys []string) {
	for _, one := range scalars {
		if one.section == section {
			keys = append(keys, one.key)
		}
	}
	if section == "http" {
		keys = append(keys, "hosts", "admins")
	}
	return keys
}

func oneOf(words ...string) func(string) error {
	return func(s string) error {
		if !slices.Contains(words, s) {
			return fmt.Errorf("%q is not one of %s", s, strings.Join(words, ", "))
		}
		return nil
	}
}

func absolute(s string) error {
	if !filepath.IsAbs(s) {
		return fmt.Errorf("%q does not begin with /; an absolute path is wanted", s)
	}
	return nil
}

// auditFile may be none, or standard output.
func auditFile(s string) error {
	if s == "" || s == audit.Stdout {
		return nil
	}
	return absolute(s)
}

// socketPath: the kernel keeps 108 bytes with the closing zero (unix(7)).
func socketPath(s string) error {
	if len(s) > 107 {
		return fmt.Errorf("is %d bytes long; the path of a socket has 107 at most", len(s))
	}
	return absolute(s)
}

// webConfig: what stands in the file is for the library to judge, at the start.
func webConfig(s string) error {
	if s == "" {
		return nil
	}
	return absolute(s)
}

func listenAddress(s string) error {
	if s == "" {
		return nil // none
	}
	host, port, err := net.SplitHostPort(s)
	if _, numeric := strconv.ParseUint(port, 10, 16); err != nil || numeric != nil {
		return fmt.Errorf("%q is no address and port; write it like 127.0.0.1:9623, or \"\" for none", s)
	}
	if host == "" {
		return fmt.Errorf("%q names no address; write 0.0.0.0:%s to listen on all", s, port)
	}
	return nil
}
