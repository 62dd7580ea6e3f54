package interop

import (
	"context"
	"net"
	"net/netip"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/lab"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
)

// recordings are the conversations under testdata: who speaks, and the command
// lines, one after the other with the same subject.
var recordings = []struct {
	file    string
	program string
	debian  string
	lines   []string
}{
	{file: "ipmitool-lanplus-17", program: "ipmitool", debian: "ipmitool", lines: each("ipmitool -I lanplus -C 17 -H $H -p $P -U $U -P $W ",
		"power status", "mc info", "mc guid", "lan print 1", "channel info 1", "session info active", "chassis bootdev pxe options=efiboot",
		"chassis bootparam get 5", "sdr list", "sel list", "fru print", "power off", "power status", "power on", "chassis status")},
	{file: "ipmitool-lanplus-3", program: "ipmitool", debian: "ipmitool", lines: each("ipmitool -I lanplus -C 3 -H $H -p $P -U $U -P $W ",
		"power status", "power cycle", "user list 1", "sensor list", "sel info", "dcmi discover", "raw 0x2e 0x77 0xdc 0x1a 0x00")},
	{file: "ipmitool-lanplus-refused", program: "ipmitool", debian: "ipmitool", lines: []string{
		"ipmitool -I lanplus -H $H -p $P -U $U -P $W power status", "ipmitool -I lanplus -C 0 -H $H -p $P -U $U -P $W power status",
		"ipmitool -I lanplus -C 17 -H $H -p $P -U $U -P wrong power status", "ipmitool -I lanplus -C 17 -H $H -p $P -U user -P $W -L USER power off",
	}},
	{file: "ipmitool-lan", program: "ipmitool", debian: "ipmitool", lines: each("ipmitool -I lan -H $H -p $P -U $U -P $W ",
		"power status", "-A PASSWORD mc info", "session info active", "power off", "power on", "sdr list")},
	{file: "ipmipower", program: "ipmipower", debian: "freeipmi-tools", lines: each("ipmipower -h $HP -u $U -p $W -D LAN_2_0 -I 17 ",
		"--stat", "--off", "--stat", "--cycle --on-if-off", "--reset")},
	{file: "bmc-info", program: "bmc-info", debian: "freeipmi-tools", lines: each("bmc-info -h $HP -u $U -p $W -D LAN_2_0 ", "")},
	{file: "ipmi-chassis-config", program: "ipmi-chassis-config", debian: "freeipmi-tools", lines: each("ipmi-chassis-config -h $HP -u $U -p $W -D LAN_2_0 -I 17 ",
		"--commit -e Chassis_Boot_Flags:Boot_Device=PXE", "--checkout -S Chassis_Boot_Flags")},
	{file: "ipmi-sensors", program: "ipmi-sensors", debian: "freeipmi-tools", lines: each("ipmi-sensors -h $HP -u $U -p $W -D LAN_2_0 -I 17 --sdr-cache-directory=$HOME ",
		"-vv", "--output-sensor-state")},
	{file: "ipmi-sel", program: "ipmi-sel", debian: "freeipmi-tools", lines: each("ipmi-sel -h $HP -u $U -p $W -D LAN_2_0 -I 17 --sdr-cache-directory=$HOME ",
		"--info", "", "--clear", "-v")},
	{file: "pyghmi", program: "/usr/bin/python3", debian: "python3-pyghmi", lines: each("/usr/bin/python3 $TESTDATA/pyghmi_client.py ",
		"'c.get_power()'", "'c.set_bootdev(\"network\", uefiboot=True)'", "'c.get_bootdev()'", "'c.set_power(\"off\", wait=5)'", "'c.get_sensor_data()'", "'c.get_inventory()'")},
}

func each(with string, words ...string) []string {
	lines := make([]string, len(words))
	for i, w := range words {
		lines[i] = with + w
	}
	return lines
}

// TestRecord stores the conversations anew, with -update. It needs the clients.
func TestRecord(t *testing.T) {
	if !*update {
		t.Skip("run with -update to record the conversations again")
	}
	for _, r := range recordings {
		t.Run(r.file, func(t *testing.T) {
			if _, err := exec.LookPath(r.program); err != nil {
				t.Fatal(err)
			}
			rec := startRecorder(t)
			b := &bench{Bench: rec.bench(t)}
			version := strings.TrimSpace(b.shell(t, "dpkg-query -W -f '${Package} ${Version}' "+r.debian))
			for _, line := range r.lines {
				t.Logf("$ %s\n%.400s", line, b.shell(t, line))
			}
			c := rec.stop(t)
			c.program, c.lines = version, r.lines
			c.write(t, recordingPath(r.file))
		})
	}
}

func recordingPath(file string) string { return filepath.Join("testdata", file+".txt") }

// A recorder is the socket of a subject and remembers what passes.
type recorder struct {
	*net.UDPConn
	end func() error

	mu   sync.Mutex
	said []datagram
}

func startRecorder(t *testing.T) *recorder {
	t.Helper()
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{UDPConn: conn}
	subject, _ := newSubject(t)
	r.end = serveSubject(subject, r)
	return r
}

// serveSubject runs the subject on a socket; the function it returns ends that.
func serveSubject(subject *bmc.BMC, conn bmc.PacketConn) (end func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- subject.Serve(ctx, conn) }()
	return func() error {
		cancel()
		return <-done
	}
}

func (r *recorder) ReadFromUDPAddrPort(p []byte) (int, netip.AddrPort, error) {
	n, from, err := r.UDPConn.ReadFromUDPAddrPort(p)
	if err == nil {
		r.note(datagram{fromClient: true, at: time.Now(), client: from, bytes: append([]byte{}, p[:n]...)})
	}
	return n, from, err
}

func (r *recorder) WriteToUDPAddrPort(p []byte, to netip.AddrPort) (int, error) {
	r.note(datagram{bytes: append([]byte{}, p...)})
	return r.UDPConn.WriteToUDPAddrPort(p, to)
}

func (r *recorder) note(d datagram) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said = append(r.said, d)
}

// bench is where the command lines find the subject.
func (r *recorder) bench(t *testing.T) *lab.Bench {
	t.Helper()
	port := strconv.Itoa(r.LocalAddr().(*net.UDPAddr).Port)
	b := &lab.Bench{Address: "127.0.0.1", Home: t.TempDir()}
	b.Env = append(lab.Environment(b.Home), "TESTDATA="+testdata(t),
		"H=127.0.0.1", "P="+port, "HP="+net.JoinHostPort("127.0.0.1", port), "U=admin", "W="+lab.Password)
	return b
}

func (r *recorder) stop(t *testing.T) *conversation {
	t.Helper()
	if err := r.end(); err != nil {
		t.Fatal(err)
	}
	_ = r.Close()
	if len(r.said) == 0 {
		t.Fatal("nothing was said")
	}
	return &conversation{said: r.said}
}
