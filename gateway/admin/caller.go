package admin

import (
	"context"
	"net"
	"strconv"
	"syscall"
)

// A Caller is who asks on the admin socket, as the kernel says (SO_PEERCRED).
type Caller struct {
	UID *uint32 // nil: the kernel did not say
}

// String is the caller's user id.
func (c Caller) String() string {
	if c.UID == nil {
		return "unknown"
	}
	return strconv.FormatUint(uint64(*c.UID), 10)
}

type callerKey struct{}

// withCaller returns the context of a connection's requests.
func withCaller(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, callerKey{}, callerOf(conn))
}

// callerIn returns who made a request.
func callerIn(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}

func callerOf(conn net.Conn) (c Caller) {
	unix, ok := conn.(*net.UnixConn)
	if !ok {
		return c
	}
	raw, err := unix.SyscallConn()
	if err != nil {
		return c
	}
	// What Control returns is whether the socket is still open.
	_ = raw.Control(func(fd uintptr) {
		if cred, err := syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED); err == nil {
			c.UID = &cred.Uid
		}
	})
	return c
}
