package usecases

import (
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/lab"
	"github.com/bmc-gateway/bmc-gateway/gateway"
)

// xCAT speaks IPMI itself. These are the bytes that it sends, sent by ipmitool.
const xcat = "ipmitool -I lanplus -C 17 -H $H -p $P -U $U -P $W "

// TestXCAT replays xCAT's commands: rpower, rsetboot, rbeacon and rinv.
func TestXCAT(t *testing.T) {
	t.Parallel()
	u := begin(t, "xCAT", program{name: "ipmitool", debian: "ipmitool"})
	l := provisioningLab(t, "xcat")
	u.replay(t, l, l.VM(0), nil, []replay{
		{name: "rpower stat", line: xcat + "raw 0x00 0x01", want: []string{"61 00 40"}},
		{name: "rpower off", line: xcat + "raw 0x00 0x02 0x00", power: off},
		{name: "rsetboot net", line: xcat + "raw 0x00 0x08 0x03 0x08; " + xcat + "raw 0x00 0x08 0x05 0x80 0x04 0x00 0x00 0x00; " + xcat + "raw 0x00 0x09 0x05 0x00 0x00",
			want: []string{"01 05 80 04 00 00 00"}},
		{name: "rpower on, from the network", line: xcat + "raw 0x00 0x02 0x01", power: on, boots: "ethernet"},
		{name: "rsetboot hd, and rpower reset", line: xcat + "raw 0x00 0x08 0x05 0x80 0x08 0x00 0x00 0x00; " + xcat + "raw 0x00 0x02 0x03", power: on, boots: "disk"},
		{name: "rbeacon on, which the status shows", line: xcat + "raw 0x00 0x04 0x00 0x01; " + xcat + "raw 0x00 0x01", want: []string{" 60"}},
		{name: "rinv: device, GUID, FRU", line: xcat + "raw 0x06 0x01; " + xcat + "raw 0x06 0x37; " + xcat + "raw 0x0a 0x10 0x00", want: []string{"20 01", "02"}, not: []string{"Unable"}},
	})
}

// TestForeman replays the smart proxy's rubyipmi with ipmitool as its provider. It
// tries IPMI 1.5 first, and goes to 2.0 by what ipmitool then says.
func TestForeman(t *testing.T) {
	t.Parallel()
	u := begin(t, "Foreman", program{name: "ipmitool", debian: "ipmitool"})
	l := provisioningLab(t, "foreman")
	const first = `printf %s $W > pw; ipmitool -H $H -p $P -U operator -L OPERATOR -f pw `
	const then = `ipmitool -I lanplus -H $H -p $P -U operator -L OPERATOR -f pw `
	u.replay(t, l, l.VM(0), nil, []replay{
		{name: "connection test in IPMI 1.5, which is off", line: "timeout 30 sh -c '" + first + "bmc info'", want: []string{"Authentication type NONE not supported"}},
		{name: "connection test in IPMI 2.0", line: then + "bmc info", want: []string{"Manufacturer Name : VMware"}},
		{name: "status", line: then + "power status", want: []string{"Chassis Power is on"}},
		{name: "soft", line: then + "power soft", want: []string{"Soft"}, power: off},
		{name: "boot from the network", line: then + "chassis bootdev pxe", want: []string{"Set Boot Device to pxe"}},
		{name: "on, when cycle finds it off", line: then + "power on", want: []string{"Up/On"}, power: on, boots: "ethernet"},
		{name: "cycle", line: then + "power cycle", want: []string{"Cycle"}, power: on},
		{name: "off", line: then + "power off", want: []string{"Down/Off"}, power: off},
		{name: "identify on and off", line: then + "chassis identify 255; " + then + "chassis identify 0", want: []string{"interval: 255 seconds", "off"}},
		{name: "network facts", line: then + "lan print", want: []string{"IP Address : 127.62.", "Subnet Mask : 255.0.0.0", "MAC Address : "}},
	})
}

// provisioningLab has one VM, whose own boot order comes back soon.
func provisioningLab(t *testing.T, name string) *lab.Lab {
	t.Helper()
	return lab.Start(t, lab.Config{Name: name, Prefix: "node", Tenants: []lab.Tenant{{Name: name, VMs: 1}},
		Edit: func(c *gateway.Config) { c.Tenants[0].Power.BootRestoreAfter = 20 * time.Second }})
}
