package bmcclient_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"
	"go.uber.org/goleak"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest/bmcclient"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A machine counts power-ons. The first of them are too busy for it.
type machine struct {
	mu   sync.Mutex
	on   int
	busy int
}

func (m *machine) Power() (bmc.PowerState, error)                               { return bmc.Off, nil }
func (m *machine) Boot() ipmi.BootFlags                                         { return ipmi.BootFlags{} }
func (m *machine) SetBoot(context.Context, ipmi.BootFlags, time.Duration) error { return nil }

func (m *machine) Control(_ context.Context, c ipmi.ChassisControl) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.busy > 0 {
		m.busy--
		return ipmi.NodeBusy
	}
	if c == ipmi.ChassisPowerUp {
		m.on++
	}
	return nil
}

func (m *machine) powerOns() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.on
}

// serve runs a real BMC on a port of 127.0.0.1 until the test ends.
func serve(t *testing.T, m *machine, change func(*bmc.Config)) (port uint16) {
	t.Helper()
	suite, err := ipmi.CipherSuiteByID(3)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	port = conn.LocalAddr().(*net.UDPAddr).AddrPort().Port()
	config := bmc.Config{
		Accounts: []bmc.Account{
			{Name: "dpm", Password: "dpm-secret-of-16", Privilege: ipmi.Operator},
			{Name: "reader", Password: "reads-only", Privilege: ipmi.User},
		},
		Suites: []ipmi.CipherSuite{suite},
		GUID:   [16]byte{1},
		LAN: bmc.LAN{
			Address: netip.MustParseAddr("127.0.0.1"), PrefixLength: 8, MAC: [6]byte{0x02, 0xAB, 0, 0, 0, 1}, Port: port,
		},
		V15: bmc.V15MD5,
	}
	if change != nil {
		change(&config)
	}
	b, err := bmc.New(config, m)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Serve(ctx, conn) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
		_ = conn.Close()
	})
	return port
}

var known = types.HostIpmiInfo{BmcIpAddress: "127.0.0.1", Login: "dpm", Password: "dpm-secret-of-16"}

// versions of IPMI, and what Client.V15 is for them.
var versions = map[string]bool{"1.5": true, "2.0": false}

func forReaders(c *bmc.Config) { c.ChannelLimit = ipmi.User }

func TestCheck(t *testing.T) {
	with := func(change func(*types.HostIpmiInfo)) types.HostIpmiInfo {
		info := known
		change(&info)
		return info
	}
	for _, tt := range []struct {
		name   string
		info   types.HostIpmiInfo
		change func(*bmc.Config)
		only   string // version of IPMI; empty: both
		mac    string
		fault  types.BaseMethodFault
	}{
		{name: "as it should be", info: known, mac: "02:ab:00:00:00:01"},
		{name: "wrong password", info: with(func(i *types.HostIpmiInfo) { i.Password = "wrong" }), fault: &types.InvalidIpmiLoginInfo{}},
		{name: "unknown name", info: with(func(i *types.HostIpmiInfo) { i.Login = "nobody" }), fault: &types.InvalidIpmiLoginInfo{}},
		{name: "may only read", info: with(func(i *types.HostIpmiInfo) { i.Login, i.Password = "reader", "reads-only" }), fault: &types.InvalidBmcRole{}},
		{name: "channel for readers", info: known, change: forReaders, only: "2.0", fault: &types.InvalidBmcRole{}},
		{name: "MD5 is not for operators", info: known, change: forReaders, only: "1.5", fault: &types.MissingBmcSupport{}},
		{name: "nobody there", info: with(func(i *types.HostIpmiInfo) { i.BmcIpAddress = "127.0.0.2" }), fault: &types.MissingBmcSupport{}},
		{name: "no MD5", info: known, change: func(c *bmc.Config) { c.V15 = bmc.V15Off }, only: "1.5", fault: &types.MissingBmcSupport{}},
	} {
		for version, v15 := range versions {
			if tt.only != "" && tt.only != version {
				continue
			}
			t.Run(tt.name+", IPMI "+version, func(t *testing.T) {
				t.Parallel()
				// Who is answered is so at once; the rows of a time-out should not take long.
				c := bmcclient.Client{Port: serve(t, &machine{}, tt.change), V15: v15, Timeout: 300 * time.Millisecond, Tries: 8}
				mac, fault := c.Check(t.Context(), tt.info)
				if mac != tt.mac || fmt.Sprintf("%T", fault) != fmt.Sprintf("%T", tt.fault) {
					t.Errorf("got %q and %T, want %q and %T", mac, fault, tt.mac, tt.fault)
				}
			})
		}
	}
}

func TestPowerOn(t *testing.T) {
	for _, tt := range []struct {
		name   string
		busy   int
		insist int
		err    bool
		on     int
	}{
		{"at once", 0, 0, false, 1},
		{"busy, and it gives up", 1, 0, true, 0},
		{"busy once, and it insists", 1, 2, false, 1},
		{"busy too often", 5, 1, true, 0},
	} {
		for version, v15 := range versions {
			t.Run(tt.name+", IPMI "+version, func(t *testing.T) {
				t.Parallel()
				m := &machine{busy: tt.busy}
				c := bmcclient.Client{Port: serve(t, m, nil), V15: v15, Insist: tt.insist}
				err := c.PowerOn(t.Context(), known)
				if (err != nil) != tt.err || m.powerOns() != tt.on {
					t.Errorf("error %v and %d power-ons, want error %t and %d", err, m.powerOns(), tt.err, tt.on)
				}
			})
		}
	}
}
