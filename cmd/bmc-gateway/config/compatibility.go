package config

import (
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/bmc-gateway/bmc-gateway/gateway"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
)

// maxPassword15 is where passwords of IPMI 1.5 end, in bytes (section 22.30); it
// is what vCenter keeps of one, too.
const maxPassword15 = 16

// version15 reads which sessions of IPMI 1.5 there are.
func version15(n node, otherwise bmc.V15) bmc.V15 {
	word := n.choice("disabled", "md5", "password")
	if !n.given() {
		return otherwise
	}
	switch word {
	case "md5":
		return bmc.V15MD5
	case "password":
		n.warn("passwords are sent in the clear in every packet of IPMI 1.5; md5 is enough for most clients")
		return bmc.V15MD5AndPassword
	default:
		return bmc.V15Off
	}
}

func guidOrder(n node, otherwise gateway.GUIDOrder) gateway.GUIDOrder {
	word := n.choice("ipmi", "smbios")
	switch {
	case !n.given():
		return otherwise
	case word == "smbios":
		return gateway.GUIDAsSMBIOS
	}
	return gateway.GUIDAsIPMI
}

// channelKey reads the key of two-key logins: text, or hexadecimal digits after
// 0x, as ipmitool takes them with -k and -y.
func (l *loader) channelKey(n node, otherwise bmc.Password) bmc.Password {
	name, ok := n.filledText()
	if !ok {
		return otherwise
	}
	path := l.credential(name)
	l.checkMode(n, path)
	text, err := readSecret(path)
	if err != nil {
		n.refuse("%v", err)
		return otherwise
	}
	key, why := parseKey(text)
	if why != "" {
		n.refuse("%s", why)
	}
	return bmc.Password(key)
}

// parseKey says why a key cannot be used, without telling it.
func parseKey(text string) (key, why string) {
	key = text
	if digits, isHex := strings.CutPrefix(text, "0x"); isHex {
		b, err := hex.DecodeString(digits)
		if err != nil {
			return "", "the key does not have two hexadecimal digits for each byte after its 0x"
		}
		key = string(b)
	}
	switch {
	case key == "":
		return "", "the key is empty"
	case len(key) > ipmi.MaxPassword:
		return "", fmt.Sprintf("the key has %d bytes; IPMI allows %d", len(key), ipmi.MaxPassword)
	case key[0] == 0:
		return "", "the key begins with a zero byte, which ipmitool takes for no key"
	}
	return key, ""
}

// forVCenter reads what a tenant's BMCs are for. vCenter logs in with IPMI 1.5 and
// MD5 when it wakes a host, and keeps 16 bytes of a name and of a password.
func forVCenter(n node) bool { return n.choice("standard", "vcenter") == "vcenter" }

// profiled reads how a tenant's BMCs behave on the wire.
func (l *loader) profiled(n node, vcenter bool, otherwise gateway.IPMI) gateway.IPMI {
	if !vcenter {
		return l.readIPMI(n, otherwise)
	}
	otherwise.V15 = max(otherwise.V15, bmc.V15MD5)
	behaviour := l.readIPMI(n, otherwise)
	if behaviour.V15 == bmc.V15Off {
		n.refuse("v15: disabled does not go with profile: vcenter, which needs md5; remove one of the two")
	}
	return behaviour
}

// tooLong15 says why a password cannot be used with IPMI 1.5, without telling it.
func tooLong15(password string) string {
	if len(password) <= maxPassword15 {
		return ""
	}
	return fmt.Sprintf("the password has %d bytes; IPMI 1.5, which vCenter uses, ends at %d", len(password), maxPassword15)
}
