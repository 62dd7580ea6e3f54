package gateway

import (
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// ipmitool runs the real one against a BMC and returns all it prints.
func ipmitool(t *testing.T, b admin.BMC, user, password string, args ...string) (string, error) {
	t.Helper()
	path, err := exec.LookPath("ipmitool")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("there is no ipmitool here")
	}
	all := append([]string{"-I", "lanplus", "-C", "17", "-H", b.Address.String(), "-p", strconv.Itoa(int(b.Port)),
		"-U", user, "-P", password, "-L", "OPERATOR", "-N", "1", "-R", "1"}, args...)
	out, err := exec.CommandContext(t.Context(), path, all...).CombinedOutput()
	return string(out), err
}
