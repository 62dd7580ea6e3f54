package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// secretLimit is the most a password file may have, in bytes.
const secretLimit = 4096

// secretMode is the widest mode of a password file.
const secretMode = 0o640

// secretKeys are the three ways to give a password; exactly one is used.
var secretKeys = []string{"password_file", "password_env", "password"}

// secret finds the one place a password comes from. It returns that place and
// the function that reads it, now and at any later time. Neither its problems
// nor the function's errors contain any of the secret.
func (l *loader) secret(s section) (node, func() (string, error), bool) {
	var given []node
	for _, k := range secretKeys {
		n := s.get(k)
		n.form(Text)
		if n.given() {
			given = append(given, n)
		}
	}
	switch len(given) {
	case 0:
		if at := s.get("password_file"); !s.get("password").spoilt && !s.get("password_env").spoilt {
			at.missing("give password_file, or password_env")
		}
		return node{}, nil, false
	case 1:
	default:
		given[1].refuse("is one password too many; give one of %s", strings.Join(secretKeys, ", "))
		return node{}, nil, false
	}
	at := given[0]
	word, ok := at.text()
	if !ok {
		return node{}, nil, false
	}
	if word == "" {
		at.refuse("is empty")
		return node{}, nil, false
	}
	return at, l.source(s, at, word), true
}

// source returns the reader of a password.
func (l *loader) source(s section, at node, word string) func() (string, error) {
	switch at.key {
	case s.get("password_file").key:
		path := l.credential(word)
		l.checkMode(at, path)
		return func() (string, error) { return readSecret(path) }
	case s.get("password_env").key:
		return func() (string, error) {
			if v := l.env(word); v != "" {
				return v, nil
			}
			// Not named here: it may be the password itself, put behind the wrong key.
			return "", errors.New("names an environment variable that is not set")
		}
	default:
		at.warn("the password stands in the configuration file; use password_file")
		return func() (string, error) { return word, nil }
	}
}

// credential resolves the name of a password file. systemd puts credentials
// into a directory it names; what is not there is relative to the configuration,
// so that one credential does not ask for the others.
func (l *loader) credential(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	beside := filepath.Join(l.dir, name)
	if dir := l.env("CREDENTIALS_DIRECTORY"); dir != "" {
		path := filepath.Join(dir, name)
		if exists(path) || !exists(beside) {
			return path
		}
	}
	return beside
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func (l *loader) checkMode(at node, path string) {
	info, err := os.Stat(path)
	if err != nil {
		return // reading it will say so
	}
	if mode := info.Mode().Perm(); mode&^secretMode != 0 {
		at.warn("%s has mode %04o; chmod %04o keeps others out", path, mode, secretMode)
	}
}

// readSecret returns what is in a password file, without the line end that
// editors and echo put behind it.
func readSecret(path string) (string, error) {
	text, err := read(path, secretLimit)
	if err != nil {
		return "", err
	}
	s := strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
	if s == "" {
		return "", fmt.Errorf("%s: the file is empty", path)
	}
	return s, nil
}
