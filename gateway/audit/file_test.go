package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

const appender = "BMC_GATEWAY_TEST_APPEND"

func TestMain(m *testing.M) {
	if path := os.Getenv(appender); path != "" {
		appendForEver(path)
		return
	}
	goleak.VerifyTestMain(m)
}

// running writes a file until stop is called.
func running(t *testing.T, c Config) (f *File, stop func()) {
	t.Helper()
	f = New(c)
	ctx, cancel := context.WithCancel(context.Background())
	var run sync.WaitGroup
	run.Go(func() { f.Run(ctx) })
	stop = sync.OnceFunc(func() { cancel(); run.Wait() })
	t.Cleanup(stop)
	return f, stop
}

func write(f *File, lines ...string) {
	for _, l := range lines {
		f.Write([]byte(l))
	}
}

func contents(t *testing.T, path string) []string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(b), "\n")
}

// written waits until so many lines are in some file.
func written(t *testing.T, f *File, n uint64) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); f.Counts().Written < n; {
		if time.Now().After(deadline) {
			t.Fatalf("%+v, want %d lines", f.Counts(), n)
		}
		<-time.After(time.Millisecond)
	}
}

func TestLinesAreAppended(t *testing.T) {
	for _, tt := range []struct {
		name   string
		before string
		want   []string
	}{
		{"to no file", "", []string{"a", "b", ""}},
		{"to a file", "old\n", []string{"old", "a", "b", ""}},
		{"after a torn line", "old\nto", []string{"old", "to", "a", "b", ""}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "audit")
			if tt.before != "" {
				if err := os.WriteFile(path, []byte(tt.before), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			f, stop := running(t, Config{Path: path})
			write(f, "a", "b")
			stop()
			if diff := cmp.Diff(tt.want, contents(t, path)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if c := f.Counts(); c != (Counts{Written: 2}) {
				t.Errorf("%+v", c)
			}
		})
	}
}

func TestModeOfTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit")
	f, stop := running(t, Config{Path: path})
	write(f, "a")
	stop()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if m := info.Mode().Perm(); m != 0o640 {
		t.Errorf("mode %o, want 640", m)
	}
}

func TestFileThatIsMovedAway(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit")
	f, stop := running(t, Config{Path: path})
	write(f, "a")
	written(t, f, 1)
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	write(f, "b")
	written(t, f, 2)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	f.Reopen()
	write(f, "c")
	stop()
	if got := contents(t, path+".1")[0] + contents(t, path)[0]; got != "ac" {
		t.Errorf("got %s", got)
	}
}

func TestNoFileTakesNothing(t *testing.T) {
	var f *File
	write(f, "a")
	f.Reopen()
	f.Run(t.Context())
	if c := f.Counts(); c != (Counts{}) {
		t.Errorf("%+v", c)
	}
}

// TestDiskThatFails: nobody waits, what the queue has no room for is counted, and
// when it works again a line says how many are lost.
func TestDiskThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "not", "there")
		path := filepath.Join(dir, "audit")
		var told []error
		f := New(Config{
			Path: path, Told: func(err error) { told = append(told, err) },
			Gap: func(lost uint64) []byte { return fmt.Appendf(nil, "lost %d", lost) },
		})
		ctx, cancel := context.WithCancel(t.Context())
		var run sync.WaitGroup
		run.Go(func() { f.Run(ctx) })
		write(f, "first")
		synctest.Wait()
		for i := range queue + 5 {
			write(f, fmt.Sprint(i))
		}
		if c := f.Counts(); c != (Counts{Lost: 5, Failing: true}) {
			t.Errorf("while it fails: %+v", c)
		}
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		time.Sleep(again + time.Millisecond)
		synctest.Wait()
		cancel()
		run.Wait()
		got := contents(t, path)
		if len(got) != queue+3 || got[0] != "lost 5" || got[1] != "first" || got[2] != "0" {
			t.Errorf("%d lines, beginning %q", len(got), got[:3])
		}
		if len(told) != 2 || !errors.Is(told[0], os.ErrNotExist) || told[1] != nil {
			t.Errorf("told %v", told)
		}
		if c := f.Counts(); c != (Counts{Written: queue + 1, Lost: 5}) {
			t.Errorf("at the end: %+v", c)
		}
	})
}

func TestWhatCannotBeWrittenAtTheEndIsLost(t *testing.T) {
	f, stop := running(t, Config{Path: filepath.Join(t.TempDir(), "not", "there")})
	write(f, "a", "b", "c")
	stop()
	if c := f.Counts(); c != (Counts{Lost: 3, Failing: true}) {
		t.Errorf("%+v", c)
	}
}

func TestWhatIsNoFileIsRefused(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	if err := os.Symlink(filepath.Join(dir, "target"), link); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"a link": link, "a directory": dir} {
		f, stop := running(t, Config{Path: path})
		write(f, "a")
		stop()
		if c := f.Counts(); c.Written != 0 || c.Lost != 1 {
			t.Errorf("%s: %+v", name, c)
		}
	}
}

// appendForEver is the process that TestKilled kills.
func appendForEver(path string) {
	f := New(Config{Path: path})
	go func() {
		for i := 0; ; i++ {
			if len(f.lines) < queue/2 {
				f.Write(fmt.Appendf(nil, "%08d %s", i, strings.Repeat("x", 200)))
			}
		}
	}()
	f.Run(context.Background())
}

// TestKilled: whenever the process is killed, every line but the last is whole,
// none is missing, and the next process begins a line of its own.
func TestKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit")
	for round := range 5 {
		cmd := exec.Command(os.Args[0], "-test.run=^$")
		cmd.Env = append(os.Environ(), appender+"="+path)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		size := int64(50_000 * (round + 1))
		for deadline := time.Now().Add(time.Minute); ; {
			if info, err := os.Stat(path); err == nil && info.Size() > size {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("nothing is written")
			}
			<-time.After(time.Millisecond)
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	torn, next := 0, 0
	for line := range bytes.Lines(b) {
		var n int
		_, err := fmt.Sscanf(string(line), "%08d ", &n)
		switch {
		case err != nil || len(line) != 210:
			torn++
		case n == 0:
			next = 1
		case n != next:
			t.Fatalf("line %d follows %d", n, next-1)
		default:
			next++
		}
	}
	if torn > 5 {
		t.Errorf("%d torn lines of 5 processes", torn)
	}
}
