package audit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"syscall"
	"time"
)

const (
	// queue is how many lines wait while the disk is slow or fails: some 2 MB.
	queue = 4096
	// again is how soon a write that failed is tried again.
	again = time.Second
	// mode: the daemon and its group read who did what, nobody else.
	mode = 0o640
)

// Stdout is the path that stands for standard output.
const Stdout = "-"

// A Config is where lines go, and who hears of it.
type Config struct {
	Path string // of the file, or Stdout
	// Gap returns the line that stands for lost ones; nil: there is none.
	Gap func(lost uint64) []byte
	// Told, when not nil, is called when writing begins to fail, and with nil when it
	// works again.
	Told func(error)
}

// A File is appended to by one goroutine, Run's. Its lines survive the death of the
// process, but for the last one, which may be torn; the next start begins a new
// line after it. They are not forced to the disk. A nil File takes nothing.
type File struct {
	config Config
	lines  chan []byte
	reopen chan struct{}

	mu     sync.Mutex
	counts Counts

	// Of Run alone.
	file    *os.File
	torn    bool   // the file does not end with a line's end
	missing uint64 // lines lost since the last one written
	failing error
}

// Counts are what became of the lines so far.
type Counts struct {
	Written, Lost uint64
	Failing       bool // the last write failed
}

// New returns a file that Run will write; it does no I/O.
func New(c Config) *File {
	return &File{config: c, lines: make(chan []byte, queue), reopen: make(chan struct{}, 1)}
}

// Write takes a line, without its end, and returns at once. A line that finds the
// queue full is lost.
func (f *File) Write(line []byte) {
	if f == nil {
		return
	}
	select {
	case f.lines <- line:
	default:
		f.count(func(c *Counts) { c.Lost++ })
	}
}

// Reopen has the next line go to whatever has the path then. A file that was moved
// away is noticed without it.
func (f *File) Reopen() {
	if f == nil {
		return
	}
	select {
	case f.reopen <- struct{}{}:
	default: // one waits
	}
}

// Counts returns what became of the lines so far.
func (f *File) Counts() Counts {
	if f == nil {
		return Counts{}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.counts
}

func (f *File) count(change func(*Counts)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(&f.counts)
}

// Run writes until ctx ends, then what waits, once, and closes the file.
func (f *File) Run(ctx context.Context) {
	if f == nil {
		return
	}
	defer f.close()
	for {
		select {
		case <-ctx.Done():
			f.drain()
			return
		case <-f.reopen:
			f.close()
		case line := <-f.lines:
			f.insist(ctx, line)
		}
	}
}

// insist tries until the line is written; meanwhile others wait in the queue.
func (f *File) insist(ctx context.Context, line []byte) {
	var retry *time.Timer
	for !f.put(line) {
		if retry == nil {
			retry = time.NewTimer(again)
			defer retry.Stop()
		} else {
			retry.Reset(again)
		}
		select {
		case <-retry.C:
		case <-f.reopen:
			f.close()
		case <-ctx.Done():
			if !f.put(line) {
				f.count(func(c *Counts) { c.Lost++ })
			}
			return
		}
	}
}

func (f *File) drain() {
	for {
		select {
		case line := <-f.lines:
			if !f.put(line) {
				f.count(func(c *Counts) { c.Lost++ })
			}
		default:
			return
		}
	}
}

// put writes a line, and before it what says that others are lost.
func (f *File) put(line []byte) bool {
	lost := f.Counts().Lost - f.missing
	if lost > 0 && f.config.Gap != nil {
		line = append(append(f.config.Gap(lost), '\n'), line...)
	}
	err := f.append(line)
	if err == nil {
		f.missing += lost
	}
	f.count(func(c *Counts) {
		c.Failing = err != nil
		if err == nil {
			c.Written++
		}
	})
	if (err != nil) != (f.failing != nil) && f.config.Told != nil {
		f.config.Told(err)
	}
	f.failing = err
	return err == nil
}

// append writes in one call, so that nobody's line stands inside of another's.
func (f *File) append(line []byte) error {
	if err := f.ready(); err != nil {
		return err
	}
	whole := make([]byte, 0, len(line)+2)
	if f.torn {
		whole = append(whole, '\n')
	}
	whole = append(append(whole, line...), '\n')
	n, err := f.file.Write(whole)
	f.torn = n > 0 && n < len(whole) || n == 0 && f.torn
	return err
}

// ready opens the file, anew when the path has another one by now.
func (f *File) ready() error {
	if f.file != nil && f.config.Path != Stdout && f.moved() {
		f.close()
	}
	if f.file != nil {
		return nil
	}
	if f.config.Path == Stdout {
		f.file = os.Stdout
		return nil
	}
	file, err := open(f.config.Path)
	if err != nil {
		return err
	}
	if f.torn, err = endsTorn(file); err != nil {
		return errors.Join(err, file.Close())
	}
	f.file = file
	return nil
}

// open opens the file, or makes it, whatever the umask, readable to the group.
func open(path string) (*os.File, error) {
	const flags = os.O_RDWR | os.O_APPEND | syscall.O_NOFOLLOW
	file, err := os.OpenFile(path, flags, 0)
	if !errors.Is(err, fs.ErrNotExist) {
		return file, err
	}
	file, err = os.OpenFile(path, flags|os.O_CREATE, mode)
	if err != nil {
		return nil, err
	}
	if err := file.Chmod(mode); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// moved reports whether the path is another file's, or nobody's.
func (f *File) moved() bool {
	ours, err := f.file.Stat()
	if err != nil {
		return true
	}
	there, err := os.Lstat(f.config.Path)
	if err != nil {
		return errors.Is(err, fs.ErrNotExist) // else what we have open is as good as any
	}
	return !os.SameFile(ours, there)
}

// endsTorn reports whether the last line of the file has no end.
func endsTorn(file *os.File) (bool, error) {
	info, err := file.Stat()
	if err != nil {
		return false, err
	}
	if !info.Mode().IsRegular() {
		return false, fmt.Errorf("%s is no regular file", file.Name())
	}
	if info.Size() == 0 {
		return false, nil
	}
	var last [1]byte
	if _, err := file.ReadAt(last[:], info.Size()-1); err != nil {
		return false, err
	}
	return last[0] != '\n', nil
}

// close gives the file up. What was written is with the kernel; an error here says
// nothing that the next write would not.
func (f *File) close() {
	if f.file != nil && f.file != os.Stdout {
		_ = f.file.Close()
	}
	f.file, f.torn = nil, false
}
