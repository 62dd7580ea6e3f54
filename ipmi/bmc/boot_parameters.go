package bmc

import "github.com/bmc-gateway/bmc-gateway/ipmi"

// bootInfo are the boot option parameters that mean nothing to the Machine
// (table 28-14): written, read back, and forgotten when the BMC restarts.
type bootInfo struct {
	invalid       uint8 // a bit for each parameter that is marked invalid
	setInProgress uint8
	partition     uint8
	scan          uint8
	validClearing uint8
	acknowledge   uint8
	initiator     [ipmi.BootInitiatorSize]byte
	mailbox       [ipmi.BootMailboxBlocks][ipmi.BootMailboxBlock]byte

	// unmarked: the flags that the Machine has were written without valid bit.
	unmarked bool
}

// means says whether flags that were written without their valid bit are meant
// all the same: go-ipmi's command line never sets it (R19). A client that takes
// the bit of waiting flags away means that too.
func (i *bootInfo) means(present, written ipmi.BootFlags) bool {
	if written.Valid() || written.Device() == ipmi.BootNoOverride {
		return false
	}
	return !present.Valid() || i.unmarked
}

func (i *bootInfo) mark(p ipmi.BootParameter, invalid bool) {
	i.invalid &^= 1 << p
	if invalid {
		i.invalid |= 1 << p
	}
}

// bootParameterSize is how many bytes of data there are, at least and at most.
func bootParameterSize(p ipmi.BootParameter) (least, most int, known bool) {
	switch p {
	case ipmi.BootParameterSetInProgress, ipmi.BootParameterServicePartition,
		ipmi.BootParameterServiceScan, ipmi.BootParameterValidClearing:
		return 1, 1, true
	case ipmi.BootParameterAcknowledge:
		return 2, 2, true
	case ipmi.BootParameterFlags:
		return len(ipmi.BootFlags{}), len(ipmi.BootFlags{}), true
	case ipmi.BootParameterInitiator:
		return ipmi.BootInitiatorSize, ipmi.BootInitiatorSize, true
	case ipmi.BootParameterMailbox:
		return 2, 1 + ipmi.BootMailboxBlock, true
	}
	return 0, 0, false
}

// set stores the data of a parameter that is neither the flags nor about their end by
// time, if there is any.
func (i *bootInfo) set(r ipmi.SetBootOptionRequest) error {
	if len(r.Data) == 0 {
		return nil // the mark alone
	}
	switch r.Parameter {
	case ipmi.BootParameterSetInProgress:
		if r.Data[0]&3 == setInProgressReserved {
			return ipmi.InvalidField
		}
		i.setInProgress = r.Data[0] & 3
	case ipmi.BootParameterServicePartition:
		i.partition = r.Data[0]
	case ipmi.BootParameterServiceScan:
		i.scan = r.Data[0]
	case ipmi.BootParameterAcknowledge:
		mask := r.Data[0]
		i.acknowledge = i.acknowledge&^mask | r.Data[1]&mask
	case ipmi.BootParameterInitiator:
		copy(i.initiator[:], r.Data)
	case ipmi.BootParameterMailbox:
		block, content, err := ipmi.ParseBootMailbox(r.Data)
		if err != nil {
			return err
		}
		copy(i.mailbox[block][:], content)
	}
	return nil
}

// append appends the data of a parameter that is not the flags.
func (i *bootInfo) append(dst []byte, r ipmi.GetBootOptionRequest) ([]byte, error) {
	switch r.Parameter {
	case ipmi.BootParameterSetInProgress:
		return append(dst, i.setInProgress), nil
	case ipmi.BootParameterServicePartition:
		return append(dst, i.partition), nil
	case ipmi.BootParameterServiceScan:
		return append(dst, i.scan), nil
	case ipmi.BootParameterValidClearing:
		return append(dst, i.validClearing), nil
	case ipmi.BootParameterAcknowledge:
		return append(dst, 0, i.acknowledge), nil
	case ipmi.BootParameterInitiator:
		return append(dst, i.initiator[:]...), nil
	case ipmi.BootParameterMailbox:
		if r.Set >= ipmi.BootMailboxBlocks {
			return nil, ipmi.OutOfRange
		}
		return append(append(dst, r.Set), i.mailbox[r.Set][:]...), nil
	}
	return nil, ipmi.ParameterUnsupported
}
