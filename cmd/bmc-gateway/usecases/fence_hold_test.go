package usecases

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/lab"
)

// The moments of a fence at which something may go wrong, named for the call of
// ipmitool that is held up there.
const (
	beforeStatus = "before-status"
	beforeOrder  = "before-off" // the agent has heard that the VM is on
	afterOrder   = "after-off"  // it is about to ask whether the VM is off
	beforeStart  = "before-on"  // it has heard that the VM is off
)

// holder is what the agent calls instead of ipmitool: at the moment it is to stop
// at it says so and waits, once.
const holder = `#!/bin/sh
for verb; do :; done
hold() {
	[ -e "$HOME/hold-$1" ] || return
	rm "$HOME/hold-$1"
	touch "$HOME/at-$1"
	while [ ! -e "$HOME/go" ]; do sleep 0.05; done
}
hold "before-$verb"
ipmitool "$@"
code=$?
hold "after-$verb"
exit $code
`

// holdAt has the agents of the bench stop at a moment, once.
func holdAt(t *testing.T, b *lab.Bench, moment string) (options string) {
	t.Helper()
	path := filepath.Join(b.Home, "ipmitool")
	if err := os.WriteFile(path, []byte(holder), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(b.Home, "hold-"+moment), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return "ipmitool_path=" + path
}

// await returns when the agent has stopped at the moment.
func await(t *testing.T, b *lab.Bench, moment string) {
	t.Helper()
	lab.Until(t, "the agent is at "+moment, func() error {
		_, err := os.Stat(filepath.Join(b.Home, "at-"+moment))
		return err
	})
}

// release lets the agent go on.
func release(t *testing.T, b *lab.Bench) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(b.Home, "go"), nil, 0o600); err != nil {
		t.Error(fmt.Errorf("the agent waits for ever: %w", err))
	}
}
