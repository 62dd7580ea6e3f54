package login

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	tests := []struct {
		name, text string
		want       Users
		says       string // of the error
	}{
		{"two users beside what is not ours", "tls_server_config: {cert_file: a, key_file: b}\nbasic_auth_users: {ann: $2y$10$a, bob: $2y$10$b}\n", Users{"ann": "$2y$10$a", "bob": "$2y$10$b"}, ""},
		{"a name that YAML takes for something else", "basic_auth_users: {1234: x, yes: y}\n", Users{"1234": "x", "yes": "y"}, ""},
		{"none", "tls_server_config: {}\n", nil, ""},
		{"empty", "", nil, ""},
		{"no YAML, and nothing of it told", "basic_auth_users: [$2y$10$secret\n", nil, "is no web configuration file"},
		{"a list", "basic_auth_users: [ann]\n", nil, "is no web configuration file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "web.yaml")
			if err := os.WriteFile(file, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := Read(file)
			if (err != nil) != (tt.says != "") || err != nil && (!strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "secret")) {
				t.Fatalf("error %v, want %q", err, tt.says)
			}
			if !maps.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
	if _, err := Read("/nonexistent/web.yaml"); err == nil || err.Error() != "/nonexistent/web.yaml: no such file or directory" {
		t.Errorf("of a file that is not there: %v", err)
	}
}
