package ipmi

import "fmt"

// A Privilege is a privilege level (section 6.8). The zero value means "highest
// that fits" in an Open Session Request and no level at all elsewhere.
type Privilege uint8

// The privilege levels, lowest first.
const (
	PrivilegeNone Privilege = 0
	Callback      Privilege = 1
	User          Privilege = 2
	Operator      Privilege = 3
	Administrator Privilege = 4
	OEMPrivilege  Privilege = 5
)

// SystemInterface is above all levels: what it guards can be done by the system
// itself, never over a LAN (appendix G, "s").
const SystemInterface Privilege = 0x10

// String returns the specification's word in lower case, as the configuration spells it.
func (p Privilege) String() string {
	switch p {
	case PrivilegeNone:
		return "none"
	case Callback:
		return "callback"
	case User:
		return "user"
	case Operator:
		return "operator"
	case Administrator:
		return "administrator"
	case OEMPrivilege:
		return "oem"
	case NoAccess:
		return "no access"
	case SystemInterface:
		return "system interface"
	default:
		return fmt.Sprintf("privilege(%d)", uint8(p))
	}
}

// ParsePrivilege is the inverse of String for the four levels an account can have.
func ParsePrivilege(s string) (Privilege, error) {
	for p := Callback; p <= Administrator; p++ {
		if p.String() == s {
			return p, nil
		}
	}
	return PrivilegeNone, fmt.Errorf("%q is not one of callback, user, operator, administrator", s)
}
