//go:build linux

package main

import (
	"bufio"
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
)

// A subject is a server in a process of its own.
type subject struct {
	addr netip.AddrPort
	pid  int
	stop func()
}

// startSelf starts this program as a server, with these words.
func startSelf(ctx context.Context, words ...string) (*subject, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, program, words...)
	cmd.Stderr = os.Stderr
	input, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &subject{pid: cmd.Process.Pid, stop: func() {
		_ = input.Close()
		_ = cmd.Wait()
	}}
	line, err := bufio.NewReader(output).ReadString('\n')
	if err == nil {
		s.addr, err = netip.ParseAddrPort(strings.TrimSpace(line))
	}
	if err != nil {
		s.stop()
		return nil, fmt.Errorf("%s does not tell its address: %w", words[0], err)
	}
	return s, nil
}

const ipmiSimConfig = `name "bench"
set_working_mc 0x20
  startlan 1
    addr %s %d
    priv_limit admin
    allowed_auths_admin md5
    guid 0123456789abcdef0123456789abcdef
  endlan
  user 2 true "%s" "%s" admin 63 md5
`

const ipmiSimCommands = `mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
mc_enable 0x20
`

// startIPMISim starts Debian's ipmi_sim with its files in dir.
func startIPMISim(ctx context.Context, dir string) (*subject, error) {
	program, err := exec.LookPath("ipmi_sim")
	if err != nil {
		return nil, fmt.Errorf("package openipmi is not installed: %w", err)
	}
	// It cannot tell a port of the kernel's choice, so it gets one that was free just now.
	conn, err := listenLoopback()
	if err != nil {
		return nil, err
	}
	addr := netip.MustParseAddrPort(conn.LocalAddr().String())
	if err := conn.Close(); err != nil {
		return nil, err
	}
	config, commands := filepath.Join(dir, "lan.conf"), filepath.Join(dir, "sim.emu")
	if err := os.WriteFile(config, fmt.Appendf(nil, ipmiSimConfig, addr.Addr(), addr.Port(), userName, password), 0o600); err != nil {
		return nil, err
	}
	if err := os.WriteFile(commands, []byte(ipmiSimCommands), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, program, "-n", "-c", config, "-f", commands, "-s", dir)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &subject{addr: addr, pid: cmd.Process.Pid, stop: func() {
		_ = cmd.Process.Kill() // fails only when it has ended already
		_ = cmd.Wait()
	}}
	if err := awaken(ctx, addr); err != nil {
		s.stop()
		return nil, fmt.Errorf("ipmi_sim does not answer: %w", err)
	}
	return s, nil
}

// awaken pings a server until it answers, for five seconds.
func awaken(ctx context.Context, addr netip.AddrPort) error {
	c, err := remote.Dial(addr)
	if err != nil {
		return err
	}
	defer c.Close()
	c.Timeout, c.Tries = 100*time.Millisecond, 50
	return c.Ping(ctx)
}
