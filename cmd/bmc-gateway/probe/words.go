package probe

import (
	"errors"
	"fmt"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
)

// A toldError says in an administrator's words what another one means.
type toldError struct {
	words string
	err   error
}

func (e *toldError) Error() string { return e.words }
func (e *toldError) Unwrap() error { return e.err }

// statusWords are what a status of the session set-up means here.
var statusWords = map[ipmi.Status]string{
	ipmi.StatusNoResources:      "insufficient resources: all sessions of the BMC, or of its tenant, are taken",
	ipmi.StatusInvalidRole:      "the account may not have this privilege",
	ipmi.StatusUnauthorizedRole: "the account may not have this privilege",
	ipmi.StatusNoSuite:          "the BMC does not have this cipher suite",
}

// inWords tells what is known of an error of the console.
func inWords(err error, tries int) error {
	var status *remote.StatusError
	switch {
	case errors.Is(err, remote.ErrNoAnswer):
		return &toldError{fmt.Sprintf("no answer, asked %d times", max(tries, 1)), err}
	case errors.As(err, &status) && statusWords[status.Status] != "":
		return &toldError{statusWords[status.Status], err}
	}
	return err
}
