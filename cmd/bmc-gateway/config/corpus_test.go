package config

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write what is reported now into the .want files; read the difference before committing it")

// environment is what every file of the corpus may refer to.
func environment(name string) string {
	return map[string]string{
		"VC_PASSWORD":  "S3cretWord-vc",
		"BMC_PASSWORD": "S3cretWord-bmc",
		"BMC_LONG":     "S3cretWord-bmc-long",
	}[name]
}

// The corpus is a file for each kind of mistake, and beside it all that is to
// be said about it, word for word.
func TestCorpus(t *testing.T) {
	for _, kind := range []string{"bad", "good"} {
		files, err := filepath.Glob(filepath.Join("testdata", kind, "*.yaml"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no files in testdata/%s: %v", kind, err)
		}
		for _, file := range files {
			t.Run(kind+"/"+filepath.Base(file), func(t *testing.T) {
				got, failed := told(t, file)
				if failed != (kind == "bad") {
					t.Errorf("refused: %t, for a file among the %s ones", failed, kind)
				}
				if strings.Contains(got, "S3cret") {
					t.Error("a password is told")
				}
				compare(t, strings.TrimSuffix(file, ".yaml")+".want", got)
			})
		}
	}
}

// told returns what Load says about a file, without the directory.
func told(t *testing.T, file string) (text string, failed bool) {
	t.Helper()
	_, warnings, err := Load(file, environment)
	var lines []string
	var problems Problems
	if errors.As(err, &problems) {
		lines = strings.Split(problems.Error(), "\n")
	} else if err != nil {
		t.Fatal(err)
	}
	for _, w := range warnings {
		lines = append(lines, "warning: "+w.String())
	}
	for _, l := range lines {
		text += l + "\n"
	}
	return strings.ReplaceAll(text, filepath.Dir(file)+"/", ""), err != nil
}

func compare(t *testing.T, golden, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", golden, diff)
	}
}
