package vbmc

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Options are what is done with what the directories hold.
type Options struct {
	Output    string // directory to write to; empty: what would be written is printed, without passwords
	All       bool   // also machines that are not active
	AllowWeak bool   // keep passwords that the gateway refuses
}

// Import reads the directories of vbmc4vsphere (~/.vsbmc) and virtualbmc (~/.vbmc)
// and writes a configuration: config.yaml, a file in conf.d for each vCenter, and
// the passwords, each in a file of mode 0600. It prints to w what it wrote, and
// returns what somebody has to know. It overwrites nothing.
func Import(w io.Writer, dirs []string, o Options) (notices []string, err error) {
	var all []machine
	for _, dir := range dirs {
		some, told, err := read(dir)
		if err != nil {
			return nil, err
		}
		all, notices = append(all, some...), append(notices, told...)
	}
	p := newPlan(all, o)
	notices = append(notices, p.notices...)
	if len(p.vcenters) == 0 {
		return notices, errors.New("nothing is active; --all takes in what is not")
	}
	if len(p.pool) > 0 {
		notices = append(notices, fmt.Sprintf("addresses that become the gateway's: %d; take them off this host's own network configuration first", len(p.pool)))
	}
	files := p.files()
	if o.Output == "" {
		return notices, show(w, files)
	}
	return notices, write(w, o.Output, files)
}

// show prints the files, without what is secret.
func show(w io.Writer, files []file) error {
	for _, f := range files {
		text := f.text
		if f.secret {
			text = "(a password, mode 0600)\n"
		}
		if _, err := fmt.Fprintf(w, "# ---- %s\n%s\n", f.name, text); err != nil {
			return err
		}
	}
	return nil
}

// write makes the files. If one is there already, none is written.
func write(w io.Writer, dir string, files []file) error {
	for _, f := range files {
		path := filepath.Join(dir, f.name)
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s is there already; name another --output", path)
		}
	}
	for _, f := range files {
		path := filepath.Join(dir, f.name)
		mode, dirMode := fs.FileMode(0o640), fs.FileMode(0o750)
		if f.secret {
			mode, dirMode = 0o600, 0o700
		}
		if err := os.MkdirAll(filepath.Dir(path), dirMode); err != nil {
			return err
		}
		if err := create(path, f.text, mode); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "%s\n", path); err != nil {
			return err
		}
	}
	return nil
}

func create(path, text string, mode fs.FileMode) error {
	out, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = out.WriteString(text)
	return errors.Join(err, out.Close())
}
