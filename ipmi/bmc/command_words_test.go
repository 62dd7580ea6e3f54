package bmc_test

// A wording is what the reference says of a command besides its row in the
// table: what it answers or does, and the completion codes of its own.
type wording struct {
	content string
	codes   []string
}

// answers makes a wording.
func answers(content string, codes ...string) wording { return wording{content, codes} }

// Phrases that many rows share.
const (
	owned       = "D5h the configuration owns it"
	unsupported = "80h no such parameter"
	readOnly    = "82h the parameter is read only"
	noRecord    = "CBh no such record"
	noSensor    = "CBh no such sensor"
	noFRU       = "CBh no such FRU device"
	lostReserve = "C5h the reservation was lost"
	systemSide  = "only for the system interface, which a VM has not: never reached over a network"
)

// commandWords are the wordings by command name.
var commandWords = map[string]wording{
	"Get Device ID":                           answers("IPMI 2.0, manufacturer 6876 (VMware), the gateway's version as firmware revision"),
	"Cold Reset":                              answers("ends all sessions of the BMC; the VM does not notice"),
	"Warm Reset":                              answers("ends what clients left half done; sessions go on, and the VM does not notice"),
	"Get Self Test Results":                   answers("passed"),
	"Set ACPI Power State":                    answers("the state is the VM's, not the client's to set", owned),
	"Get ACPI Power State":                    answers("S0 when on, S4 when suspended, S5 when off"),
	"Get Device GUID":                         answers("the VM's BIOS UUID"),
	"Reset Watchdog Timer":                    answers("starts the countdown", "80h it was never set"),
	"Set Watchdog Timer":                      answers("keeps the timer; its action is carried out on the VM"),
	"Get Watchdog Timer":                      answers("the timer, and what is left of it"),
	"Set BMC Global Enables":                  answers(systemSide),
	"Get BMC Global Enables":                  answers("the event log is on, the rest is off"),
	"Clear Message Flags":                     answers(systemSide),
	"Get Message Flags":                       answers(systemSide),
	"Enable Message Channel Receive":          answers(systemSide),
	"Get Message":                             answers(systemSide),
	"Read Event Message Buffer":               answers(systemSide),
	"Get System GUID":                         answers("the VM's BIOS UUID, as in RAKP message 2"),
	"Get Channel Authentication Capabilities": answers("channel 1: RMCP+, and what the tenant allows of IPMI 1.5; no anonymous login", "CCh no such channel"),
	"Get Session Challenge":                   answers("IPMI 1.5: a temporary session ID and a challenge; also for a name that does not exist", "82h there is no user without a name", "CCh IPMI 1.5 is off, or the authentication is not offered"),
	"Activate Session":                        answers("IPMI 1.5: begins the session", "81h no more sessions", "85h not the challenge of this session ID", "86h beyond the limit of user or channel", "D5h in a session of IPMI 2.0"),
	"Set Session Privilege Level":             answers("sets or tells the session's level", "81h beyond the limit of user or session"),
	"Close Session":                           answers("ends a session; of others only as administrator", "87h no such session", "88h no such handle"),
	"Get Session Info":                        answers("a session by ID, handle or number: user, level, console's address"),
	"Set Channel Access":                      answers("the configuration owns the channel; what it has already is accepted", owned),
	"Get Channel Access":                      answers("always available, per-message and user-level authentication, the channel's limit", "CCh no such channel"),
	"Get Channel Info":                        answers("channel 1: 802.3 LAN, IPMB protocol, several sessions", "CCh no such channel; there is no channel 0"),
	"Set User Access":                         answers("accounts are the configuration's", owned),
	"Get User Access":                         answers("level and flags of an account on a channel, and how many there are"),
	"Set User Name":                           answers("accounts are the configuration's", owned),
	"Get User Name":                           answers("the account's name"),
	"Set User Password":                       answers("tests a password; sets none", owned, "80h tested: another password", "81h tested: stored in the other size", "C0h tested: too many were wrong"),
	"Activate Payload":                        answers("there is no serial console yet", "81h payload is disabled"),
	"Deactivate Payload":                      answers("there is no serial console yet", "81h payload is disabled"),
	"Get Payload Activation Status":           answers("no instance is active"),
	"Set User Payload Access":                 answers("accounts are the configuration's", owned),
	"Get User Payload Access":                 answers("the payloads an account may use"),
	"Get Payload Instance Info":               answers("no instance is active"),
	"Get Channel Payload Support":             answers("IPMI messages and the session's set-up"),
	"Get Channel Payload Version":             answers("1.0 of what is supported", "80h no such payload"),
	"Get Channel Cipher Suites":               answers("the suites of the tenant's configuration", "CCh no such channel", unsupported),
	"Suspend/Resume Payload Encryption":       answers("RMCP+ sessions stay encrypted", "80h no such payload", "81h encryption is not to be suspended", "82h the session has none"),
	"Set Channel Security Keys":               answers("keys are the configuration's", "80h the key is locked", "84h key Kr is not used"),
	"Set System Info Parameters":              answers("what the VM has set of itself is read only", unsupported, readOnly),
	"Get System Info Parameters":              answers("the VM's name, the gateway's version, the operating system as configured and as running", unsupported),

	"Get Chassis Capabilities": answers("diagnostic interrupt; all devices at 20h"),
	"Get Chassis Status":       answers("the VM's power as vCenter last said; a suspended VM is on; identify and restore policy"),
	"Chassis Control":          answers("0 off, 1 on, 2 cycle, 3 reset, 4 diagnostic interrupt, 5 shutdown by the guest", "CCh this vCenter has no such verb", "D5h the VM is off, lacks VMware Tools or the device to boot from"),
	"Chassis Identify":         answers("shown by `bmc-gateway show` and logged; default 15 s"),
	"Set Power Restore Policy": answers("there is none to set: what a VM does when power returns is its host's business", "CCh any policy but \"no change\""),
	"Get System Restart Cause": answers("why the VM was last started, as far as this BMC did it"),
	"Set System Boot Options":  answers("parameters 0 to 7; 5 becomes the VM's boot order at its next start", unsupported),
	"Get System Boot Options":  answers("as they were set; the valid bit falls after the time-out of parameter 3", unsupported),
	"Set Power Cycle Interval": answers("how long power cycles leave the VM off", "D5h this VM has no such interval"),
	"Get POH Counter":          answers("minutes the VM was on since the gateway knows it", "C1h nobody counts"),

	"Get Event Receiver":               answers("this BMC itself"),
	"Platform Event":                   answers("puts the event into the event log"),
	"Get PEF Capabilities":             answers("version 1.5, no action and no filter"),
	"Get PEF Configuration Parameters": answers("all off, no filters, policies or strings", unsupported),
	"Get Last Processed Event ID":      answers("none was processed: there is no action"),
	"Get Sensor Reading Factors":       answers("the factors of the sensor's record", noSensor, "CDh it has states, not numbers"),
	"Set Sensor Hysteresis":            answers("sensors are fixed", "CDh every sensor there is", noSensor),
	"Get Sensor Hysteresis":            answers("none", noSensor, "CDh it has states, not numbers"),
	"Set Sensor Thresholds":            answers("sensors are fixed", "CDh every sensor there is", noSensor),
	"Get Sensor Thresholds":            answers("the limits of the sensor's record", noSensor, "CDh it has states, not numbers"),
	"Set Sensor Event Enable":          answers("sensors are fixed", "CDh every sensor there is", noSensor),
	"Get Sensor Event Enable":          answers("which events reach the event log", noSensor),
	"Get Sensor Event Status":          answers("which limits are passed, or states hold", noSensor),
	"Get Sensor Reading":               answers("the reading; marked unavailable while the VM is off or nobody knows", noSensor),
	"Get Sensor Type":                  answers("type and reading type of the sensor's record", noSensor),

	"Get FRU Inventory Area Info":        answers("size of FRU 0", noFRU),
	"Read FRU Data":                      answers("chassis, board and product: VMware, the VM's name, UUIDs and path", noFRU, "C9h beyond the end"),
	"Write FRU Data":                     answers("the content is vCenter's", "80h write protected", noFRU),
	"Get SDR Repository Info":            answers("records, and when they last changed, which a restart does not"),
	"Get SDR Repository Allocation Info": answers("no free space"),
	"Reserve SDR Repository":             answers("a reservation for reading in parts"),
	"Get SDR":                            answers("a record, whole or in parts", lostReserve, noRecord, "C9h the offset is beyond the record's end"),
	"Get SDR Repository Time":            answers("now, UTC"),
	"Set SDR Repository Time":            answers("the clock is the host's; a time that it shows already is accepted", "D5h any other time"),
	"Get SEL Info":                       answers("entries, free space, times of the last change, overflow"),
	"Get SEL Allocation Info":            answers("entries there are and entries that are free"),
	"Reserve SEL":                        answers("a reservation for clearing or deleting"),
	"Get SEL Entry":                      answers("an entry: what vCenter reported of the VM, what we did, what clients added", noRecord, lostReserve, "C9h the offset is beyond the entry's end"),
	"Add SEL Entry":                      answers("adds an entry", "80h not for this type of record", "C4h the log is full"),
	"Delete SEL Entry":                   answers("deletes an entry", lostReserve, noRecord),
	"Clear SEL":                          answers("empties the log, but for an entry that says so", lostReserve),
	"Get SEL Time":                       answers("now, UTC"),
	"Set SEL Time":                       answers("the clock is the host's; a time that it shows already is accepted", "D5h any other time"),
	"Get SEL Time UTC Offset":            answers("0: times are UTC"),
	"Set SEL Time UTC Offset":            answers("times are UTC; what is so already is accepted", "D5h any other offset"),

	"Set LAN Configuration Parameters": answers("addresses are the gateway's; a value that is so already is accepted", unsupported, readOnly),
	"Get LAN Configuration Parameters": answers("0 to 26 and, of IPv6, 50 to 59: the BMC's own address, mask, router and MAC", unsupported, "C9h no such set selector"),
	"Suspend BMC ARPs":                 answers("ARP is the host's business"),
	"Get IP/UDP/RMCP Statistics":       answers("packets received and sent by this BMC"),
	"Set SOL Configuration Parameters": answers("there is no serial console yet", unsupported, readOnly),
	"Get SOL Configuration Parameters": answers("there is no serial console yet: disabled", unsupported),

	"DCMI Get Capabilities Info":                       answers("DCMI 1.5: power reading, asset tag, controller's name", "CCh no such parameter"),
	"DCMI Get Power Reading":                           answers("what vSphere estimates, in watts; not measuring when it says nothing now", "C1h vSphere has no estimate", "CCh another mode than the present power"),
	"DCMI Get Power Limit":                             answers("no limit", "80h there is none", "C1h vSphere has no estimate"),
	"DCMI Get Asset Tag":                               answers("the VM's name"),
	"DCMI Get Sensor Info":                             answers("no temperature sensors"),
	"DCMI Set Asset Tag":                               answers("the text is vCenter's", owned),
	"DCMI Get Management Controller Identifier String": answers("a name for this BMC"),
	"DCMI Set Management Controller Identifier String": answers("the text is the gateway's", owned),
	"DCMI Get Temperature Readings":                    answers("no temperature sensors"),
}
