package usecases

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

func (s *ironicStory) setBoot(t *testing.T, vm, device string, persistent bool) {
	t.Helper()
	s.ironic.do(t, http.MethodPut, "nodes/"+vm+"/management/boot_device", map[string]any{"boot_device": device, "persistent": persistent})
	var got struct {
		Device     string `json:"boot_device"`
		Persistent bool   `json:"persistent"`
	}
	if err := json.Unmarshal(s.ironic.do(t, http.MethodGet, "nodes/"+vm+"/management/boot_device", nil), &got); err != nil {
		t.Fatal(err)
	}
	if got.Device != device || got.Persistent != persistent {
		t.Errorf("boot device is %+v", got)
	}
}

func (s *ironicStory) bootOnceSteps(t *testing.T) {
	vm := s.lab.VM(bootedOnce)
	s.ironic.manage(t, vm)
	s.ironic.set(t, vm, "/properties/capabilities", "boot_mode:bios")
	s.step(t, "which boot devices there are", func(t *testing.T) {
		answer := string(s.ironic.do(t, http.MethodGet, "nodes/"+vm+"/management/boot_device/supported", nil))
		for _, device := range []string{"pxe", "disk", "cdrom", "bios", "safe"} {
			if !strings.Contains(answer, `"`+device+`"`) {
				t.Errorf("no %s in %s", device, answer)
			}
		}
	})
	s.step(t, "boot device once, BIOS: PXE for one start, and the VM's own order after it", func(t *testing.T) {
		s.setBoot(t, vm, "pxe", false)
		s.ironic.power(t, vm, "rebooting", "power on")
		wantBoot(t, s.lab, vm, "ethernet")
		wantBoot(t, s.lab, vm, "")
	})
	s.step(t, "what a VM has of the boot devices can be set and read back", func(t *testing.T) {
		for _, device := range []string{"cdrom", "bios", "disk", "pxe"} {
			s.setBoot(t, vm, device, false)
		}
	})
}

func (s *ironicStory) bootEverSteps(t *testing.T) {
	vm := s.lab.VM(bootedEver)
	s.ironic.manage(t, vm)
	s.ironic.set(t, vm, "/properties/capabilities", "boot_mode:bios")
	s.step(t, "boot device persistent, BIOS: PXE for every start", func(t *testing.T) {
		s.setBoot(t, vm, "pxe", true)
		s.ironic.power(t, vm, "rebooting", "power on")
		wantBoot(t, s.lab, vm, "ethernet")
		s.ironic.power(t, vm, "rebooting", "power on")
		wantBoot(t, s.lab, vm, "ethernet")
	})
	s.step(t, "back to disk, persistent", func(t *testing.T) {
		s.setBoot(t, vm, "disk", true)
		s.ironic.power(t, vm, "rebooting", "power on")
		wantBoot(t, s.lab, vm, "disk")
	})
}

func (s *ironicStory) uefiSteps(t *testing.T) {
	vm := s.lab.VM(bootedUEFI)
	s.ironic.manage(t, vm)
	s.ironic.set(t, vm, "/properties/capabilities", "boot_mode:uefi")
	for _, step := range []struct {
		name, device string
		persistent   bool
		raw, first   string
	}{
		{"boot device once, UEFI, by its raw command", "pxe", false, "raw 0x00 0x08 0x05 0xa0 0x04 0x00 0x00 0x00", "ethernet"},
		{"boot device persistent, UEFI, by its raw command", "disk", true, "raw 0x00 0x08 0x05 0xe0 0x08 0x00 0x00 0x00", "disk"},
	} {
		s.step(t, step.name, func(t *testing.T) {
			s.setBoot(t, vm, step.device, step.persistent)
			if s.ironic.ran(s.at(vm), step.raw) == 0 {
				t.Errorf("Ironic never ran ipmitool %s", step.raw)
			}
			if s.ironic.ran(s.at(vm), "raw 0x00 0x08 0x03 0x08") == 0 {
				t.Error("Ironic did not turn off the time limit of boot flags")
			}
			s.readsEFI(t, vm)
			s.ironic.power(t, vm, "rebooting", "power on")
			wantBoot(t, s.lab, vm, step.first)
		})
	}
}

// readsEFI asks the BMC for the boot flags as another client would.
func (s *ironicStory) readsEFI(t *testing.T, vm string) {
	t.Helper()
	out, _ := s.lab.Bench(t, vm).Shell(t.Context(), "ipmitool -I lanplus -H $H -p $P -U $U -P $W chassis bootparam get 5")
	if !strings.Contains(out, "BIOS EFI boot") {
		t.Errorf("the BMC has\n%s", out)
	}
}

// bootMissingSteps take the network cards out of a VM that is then to boot from one.
func (s *ironicStory) bootMissingSteps(t *testing.T) {
	vm := s.lab.VM(cardless)
	s.ironic.manage(t, vm)
	s.ironic.power(t, vm, "power off", "power off")
	err := s.lab.VCenter.Edit(vm, func(m *mo.VirtualMachine) {
		m.Config.Hardware.Device = slices.DeleteFunc(m.Config.Hardware.Device, func(d types.BaseVirtualDevice) bool {
			_, card := d.(types.BaseVirtualEthernetCard)
			return card
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	s.step(t, "PXE of a VM without a network card: an error, and it does not start from its disk", func(t *testing.T) {
		s.setBoot(t, vm, "pxe", false)
		s.ironic.do(t, http.MethodPut, "nodes/"+vm+"/states/power", map[string]any{"target": "power on"})
		s.ironic.until(t, vm, "has an error", func(n node) bool {
			return n.TargetPower == nil && strings.Contains(text(n.LastError), "Failed to change power state to 'power on'")
		})
		s.isPower(t, vm, off)
	})
}
