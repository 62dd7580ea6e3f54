package admin

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"syscall"
	"time"
)

// socketMode: the daemon's user and its group may ask, nobody else.
const socketMode = 0o660

// ErrRunning is for a socket on which a daemon answers already.
var ErrRunning = errors.New("another daemon answers on it")

// A Listener is a bound admin socket. It holds a lock beside the socket for as
// long as it is open, so that of two daemons started at once one is refused.
type Listener struct {
	path string
	unix *net.UnixListener
	lock *os.File
}

// Listen binds the unix socket path with mode 0660. A socket left behind by a
// daemon that died is replaced; one that is answered on is ErrRunning, wrapped;
// anything that is no socket is left alone and refused.
func Listen(path string) (*Listener, error) {
	lock, err := acquire(path + ".lock")
	if err != nil {
		return nil, fmt.Errorf("admin socket %s: %w", path, err)
	}
	unix, err := bind(path)
	if err != nil {
		lock.Close()
		return nil, fmt.Errorf("admin socket %s: %w", path, err)
	}
	return &Listener{path: path, unix: unix, lock: lock}, nil
}

// Close removes the socket and gives up the lock. The lock's file stays:
// removing it would let two daemons hold locks on different files of one name.
func (l *Listener) Close() error {
	err := l.unix.Close()
	if errors.Is(err, net.ErrClosed) {
		err = nil // Serve's http.Server has closed it
	}
	return errors.Join(err, l.lock.Close())
}

func acquire(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return f, nil
	}
	f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, ErrRunning
	}
	return nil, fmt.Errorf("lock %s: %w", path, err)
}

// bind makes the socket. The usual umask keeps others out in the moment before
// the mode is set: connecting needs the write bit.
func bind(path string) (*net.UnixListener, error) {
	if err := removeStale(path); err != nil {
		return nil, err
	}
	unix, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, socketMode); err != nil {
		unix.Close()
		return nil, err
	}
	return unix, nil
}

func removeStale(path string) error {
	was, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if was.Mode().Type() != fs.ModeSocket {
		return errors.New("the path exists and is no socket")
	}
	if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
		c.Close()
		return ErrRunning
	}
	return os.Remove(path)
}
