package web

import (
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"

	toolkit "github.com/prometheus/exporter-toolkit/web"
	"go.yaml.in/yaml/v3"
)

// held is what of a web configuration file holds from the moment a door is opened on:
// all else is read again for each request, or each connection.
type held struct {
	TLS  map[string]any `yaml:"tls_server_config"` // of which only whether there is any
	HTTP struct {
		HTTP2 *bool `yaml:"http2"`
	} `yaml:"http_server_config"`
	Limit map[string]any `yaml:"rate_limit"`
}

// heldLimit is the most that is read of a file, in bytes: 4 MB.
const heldLimit = 4 << 20

// readHeld checks the file and reads it. Without a file nothing holds.
func readHeld(file string) (h held, err error) {
	if file == "" {
		return h, nil
	}
	if err := toolkit.Validate(file); err != nil {
		return h, fmt.Errorf("http.web_config_file %s: %w", file, err)
	}
	f, err := os.Open(file)
	if err != nil {
		return h, fmt.Errorf("http.web_config_file: %w", err)
	}
	defer f.Close()
	if err := yaml.NewDecoder(io.LimitReader(f, heldLimit)).Decode(&h); err != nil && !errors.Is(err, io.EOF) {
		// The parser's words may quote the file, where passwords' hashes are.
		return h, fmt.Errorf("http.web_config_file %s: is no web configuration file", file)
	}
	return h, nil
}

// differs names what is not the same.
func (h held) differs(from held) (what []string) {
	if (len(h.TLS) > 0) != (len(from.TLS) > 0) {
		what = append(what, "tls_server_config")
	}
	if !reflect.DeepEqual(h.HTTP, from.HTTP) {
		what = append(what, "http2")
	}
	if !reflect.DeepEqual(h.Limit, from.Limit) {
		what = append(what, "rate_limit")
	}
	return what
}
