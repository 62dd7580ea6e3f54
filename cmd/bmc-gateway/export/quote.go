package export

import (
	"encoding/json"
	"strings"
	"text/template"

	"go.yaml.in/yaml/v3"
)

// functions are what the templates use to write a value into another language.
func functions() template.FuncMap {
	return template.FuncMap{
		"json":       quoteJSON, // also a double-quoted string of YAML
		"yaml":       quoteYAML,
		"jinja":      quoteJinja,
		"sh":         quoteShell,
		"powershell": quotePowerShell,
		"csv":        quoteCSV,
		"upper":      strings.ToUpper,
		"tenants":    tenants,
		"secrets":    secrets,
		"last":       func(i int, all []Host) bool { return i == len(all)-1 },
	}
}

func quoteJSON(s string) (string, error) {
	b, err := json.Marshal(s)
	return string(b), err
}

// quoteYAML leaves a name plain unless YAML takes it for something else, as "123" or
// "null".
func quoteYAML(s string) (string, error) {
	b, err := yaml.Marshal(s)
	return strings.TrimSpace(string(b)), err
}

// quoteJinja writes a value that Ansible would otherwise take for a template.
func quoteJinja(s string) (string, error) {
	text, err := quoteJSON(s)
	if strings.Contains(s, "{{") || strings.Contains(s, "{%") || strings.Contains(s, "{#") {
		text = "!unsafe " + text
	}
	return text, err
}

// quoteShell: within single quotes only a single quote means something.
func quoteShell(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// singleQuotes are all characters that PowerShell takes for a single quote; two of one
// kind stand for one.
var singleQuotes = strings.NewReplacer("'", "''", "‘", "‘‘", "’", "’’", "‚", "‚‚", "‛", "‛‛")

func quotePowerShell(s string) string { return "'" + singleQuotes.Replace(s) + "'" }

func quoteCSV(s string) string {
	if strings.ContainsAny(s, ",\"\r\n") || strings.HasPrefix(s, "=") {
		return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
	}
	return s
}

// word makes a name of lower-case letters, digits and dashes.
func word(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			return r
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		default:
			return '-'
		}
	}, s)
	return strings.Trim(s, "-")
}

// A group is the hosts of one tenant.
type group struct {
	Name  string
	Hosts []Host
}

func tenants(hosts []Host) []group {
	var all []group
	for _, h := range hosts {
		if len(all) == 0 || all[len(all)-1].Name != h.Tenant {
			all = append(all, group{Name: h.Tenant})
		}
		last := &all[len(all)-1]
		last.Hosts = append(last.Hosts, h)
	}
	return all
}

// secrets returns a host for each different password.
func secrets(hosts []Host) []Host {
	seen := make(map[string]bool)
	var all []Host
	for _, h := range hosts {
		if !seen[h.SecretName()] {
			seen[h.SecretName()] = true
			all = append(all, h)
		}
	}
	return all
}
