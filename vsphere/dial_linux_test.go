package vsphere

import (
	"crypto/tls"
	"net"
	"syscall"
	"testing"
	"time"
)

// A connection on which nothing is sent is known to be dead before the watch's own
// time is over.
func TestDeadPathIsFound(t *testing.T) {
	l := newLab(t, 0)
	cfg, err := l.config().withDefaults()
	must(t, err)
	conf, err := tlsConfig(cfg)
	must(t, err)
	conn, err := dialTLS(t.Context(), "tcp", l.URL().Host, conf, time.Minute)
	must(t, err)
	defer conn.Close()
	raw, err := conn.(*tls.Conn).NetConn().(*net.TCPConn).SyscallConn()
	must(t, err)
	must(t, raw.Control(func(fd uintptr) {
		var total int
		for option, times := range map[int]int{syscall.TCP_KEEPIDLE: 1, syscall.TCP_KEEPINTVL: deadPath.Count} {
			seconds, err := syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, option)
			if err != nil {
				t.Error(err)
			}
			total += seconds * times
		}
		if total != 20 {
			t.Errorf("a dead path is found after %d s, want 20", total)
		}
	}))
}
