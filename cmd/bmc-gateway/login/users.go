package login

import (
	"errors"
	"fmt"
	"io"
	"os"

	"go.yaml.in/yaml/v3"
)

// fileLimit is the most a web configuration file may have, in bytes: 4 MB.
const fileLimit = 4 << 20

// Users are the names that may log in, with the bcrypt hashes of their passwords.
type Users map[string]string

// Read returns the users of a web configuration file (basic_auth_users). What else
// stands in it is the server's to judge. The error names the file.
func Read(file string) (Users, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, errors.Unwrap(err)) // without "open"
	}
	defer f.Close()
	var c struct {
		Users Users `yaml:"basic_auth_users"`
	}
	if err := yaml.NewDecoder(io.LimitReader(f, fileLimit)).Decode(&c); err != nil && !errors.Is(err, io.EOF) {
		// The parser's words may quote the file, where passwords' hashes are.
		return nil, fmt.Errorf("%s: is no web configuration file", file)
	}
	return c.Users, nil
}
