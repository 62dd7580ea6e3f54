package address

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// parseAddresses reads RTM_NEWADDR messages and tells which addresses are ours.
func parseAddresses(msgs [][]byte, kernel version) ([]held, error) {
	all := make([]held, 0, len(msgs))
	protocols := !kernel.before(5, 18)
	for _, m := range msgs {
		h, hasProto, err := parseAddress(m)
		if err != nil {
			return nil, err
		}
		// Distributions add address protocols to older kernels. Such a kernel
		// shows one at least for 127.0.0.1 (IFAPROT_KERNEL_LO).
		protocols = protocols || hasProto
		all = append(all, h)
	}
	for i := range all {
		all[i].ours = carriesMark(all[i], protocols)
	}
	return all, nil
}

// carriesMark reports whether an address is ours. The label counts only where
// the kernel does not know protocols: anybody may choose a label.
func carriesMark(h held, protocols bool) bool {
	if int(h.bits) != h.addr.BitLen() {
		return false
	}
	if protocols {
		return h.proto == ourProto
	}
	return strings.HasSuffix(h.label, ":bmc")
}

func parseAddress(m []byte) (h held, hasProto bool, err error) {
	if len(m) < unix.SizeofIfAddrmsg {
		return held{}, false, errors.New("list addresses: the kernel's message is too short")
	}
	msg := nl.DeserializeIfAddrmsg(m)
	h.index, h.bits = msg.Index, msg.Prefixlen
	attrs, err := nl.ParseRouteAttr(m[unix.SizeofIfAddrmsg:])
	if err != nil {
		return held{}, false, fmt.Errorf("list addresses: %w", err)
	}
	for _, attr := range attrs {
		switch attr.Attr.Type {
		case unix.IFA_LOCAL:
			h.addr, _ = netip.AddrFromSlice(attr.Value)
		case unix.IFA_ADDRESS:
			if msg.Family == unix.AF_INET6 && !h.addr.IsValid() { // IFA_LOCAL is left out unless it differs
				h.addr, _ = netip.AddrFromSlice(attr.Value)
			}
		case unix.IFA_FLAGS:
			if len(attr.Value) >= 4 {
				flags := nl.NativeEndian().Uint32(attr.Value)
				h.tentative = flags&unix.IFA_F_TENTATIVE != 0
				h.dadFailed = flags&unix.IFA_F_DADFAILED != 0
			}
		case unix.IFA_LABEL:
			h.label = unix.ByteSliceToString(attr.Value)
		case unix.IFA_RT_PRIORITY:
			if len(attr.Value) >= 4 {
				h.tag = nl.NativeEndian().Uint32(attr.Value)
			}
		case ifaProto:
			if len(attr.Value) > 0 {
				h.proto, hasProto = attr.Value[0], true
			}
		}
	}
	return h, hasProto, nil
}

// A version is the first two numbers of a kernel release.
type version struct{ major, minor int }

func (v version) before(major, minor int) bool {
	return v.major < major || v.major == major && v.minor < minor
}

// kernelVersion returns the version of the running kernel, or zero when it does
// not say: then the label is the mark until a protocol is seen.
func kernelVersion() version {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return version{}
	}
	return parseVersion(unix.ByteSliceToString(u.Release[:]))
}

func parseVersion(release string) version {
	var v version
	if _, err := fmt.Sscanf(release, "%d.%d", &v.major, &v.minor); err != nil {
		return version{}
	}
	return v
}
