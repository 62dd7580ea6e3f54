package listen

import (
	"fmt"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/bmc-gateway/bmc-gateway/gateway/pulse"
)

const (
	// perWait is how many sockets that have packets a worker hears of at once.
	perWait = 128
	// wakeID is the number of the worker's own event, which ends it.
	wakeID = 0
	// idleWait is how often a worker shows that it runs when nothing comes.
	idleWait = 5 * time.Second
)

// A worker waits for packets at its sockets and gives each a turn. Its events
// are level-triggered: a socket that has more than its turn goes to the end of
// the kernel's list, behind all the others that have packets.
type worker struct {
	epoll int
	wake  int
	done  chan struct{}
	pulse pulse.Pulse

	mu      sync.Mutex
	lastID  int32
	sockets map[int32]*Socket // by the number in their events, which unlike fd is not used again soon
}

func newWorker() (*worker, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		_ = unix.Close(epoll)
		return nil, err
	}
	w := &worker{epoll: epoll, wake: wake, done: make(chan struct{}), sockets: make(map[int32]*Socket)}
	if err := w.watch(wake, wakeID); err != nil {
		_, _ = unix.Close(epoll), unix.Close(wake)
		return nil, err
	}
	go w.run()
	return w, nil
}

func (w *worker) watch(fd int, id int32) error {
	return unix.EpollCtl(w.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: id})
}

// run ends with close.
func (w *worker) run() {
	defer close(w.done)
	defer w.pulse.Rest()
	b := newBatch()
	events := make([]unix.EpollEvent, perWait)
	for {
		w.pulse.Beat()
		n, err := unix.EpollWait(w.epoll, events, int(idleWait/time.Millisecond))
		if err != nil && err != unix.EINTR {
			panic(fmt.Sprintf("listen: waiting for packets: %v", err)) // only for what is not an epoll instance
		}
		for i := range n {
			if events[i].Fd == wakeID {
				return
			}
			if s := w.find(events[i].Fd); s != nil {
				s.takeTurn(b)
			}
		}
	}
}

// find returns the socket of an event, nil when it was removed meanwhile.
func (w *worker) find(id int32) *Socket {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sockets[id]
}

func (w *worker) add(s *Socket) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id := w.lastID; ; {
		id = max(id+1, wakeID+1) // it wraps around
		if w.sockets[id] == nil {
			w.lastID = id
			break
		}
	}
	s.id = w.lastID
	if err := w.watch(s.fd, s.id); err != nil {
		return fmt.Errorf("serving udp %s: %w", s.local, err)
	}
	w.sockets[s.id] = s
	return nil
}

// remove lets no new turn of s begin. s.fd must be open still.
func (w *worker) remove(s *Socket) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sockets[s.id] != s {
		return
	}
	delete(w.sockets, s.id)
	// It fails only for a socket that is not there.
	_ = unix.EpollCtl(w.epoll, unix.EPOLL_CTL_DEL, s.fd, nil)
}

func (w *worker) close() {
	// Eight bytes that are not zero make it readable; there is always room for them.
	_, _ = unix.Write(w.wake, []byte{1, 0, 0, 0, 0, 0, 0, 1})
	<-w.done
	_, _ = unix.Close(w.wake), unix.Close(w.epoll)
}
