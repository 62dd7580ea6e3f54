package usecases

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

var (
	update = flag.Bool("update", false, "write the results to docs/reference/compatibility.md")
	table  = flag.String("table", "", "a `file` to write the results and their times to")
)

func TestMain(m *testing.M) {
	flag.Parse()
	// Use cases wait most of the time: for time-outs, for VMs, for each other.
	if err := flag.Set("test.parallel", "16"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if err := journal.conclude(code == 0); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = max(code, 1)
		}
		os.Exit(code)
	}))
}
