package bmc

import (
	"slices"
	"testing"
	"testing/synctest"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// anyMore follows the least length of a command that takes more bytes than are tried.
const anyMore = -1

// lengths are those of the zeros that each command takes. Other zeros are answered with
// C7h, before anything is said of what they mean; DCMI without a body code is nobody's.
var lengths = map[string][]int{
	"Get Device ID":                                    {0},
	"Cold Reset":                                       {0},
	"Warm Reset":                                       {0},
	"Get Self Test Results":                            {0},
	"Set ACPI Power State":                             {2},
	"Get ACPI Power State":                             {0},
	"Get Device GUID":                                  {0},
	"Reset Watchdog Timer":                             {0},
	"Set Watchdog Timer":                               {6},
	"Get Watchdog Timer":                               {0},
	"Get BMC Global Enables":                           {0},
	"Get System GUID":                                  {0},
	"Get Channel Authentication Capabilities":          {2},
	"Get Session Challenge":                            {17},
	"Set Session Privilege Level":                      {1},
	"Close Session":                                    {4, 5},
	"Get Session Info":                                 {1},
	"Set Channel Access":                               {3},
	"Get Channel Access":                               {2},
	"Get Channel Info":                                 {1},
	"Set User Access":                                  {3, 4},
	"Get User Access":                                  {2},
	"Set User Name":                                    {17},
	"Get User Name":                                    {1},
	"Set User Password":                                {2, 18},
	"Activate Payload":                                 {6},
	"Deactivate Payload":                               {6},
	"Get Payload Activation Status":                    {1},
	"Get Payload Instance Info":                        {2},
	"Set User Payload Access":                          {6},
	"Get User Payload Access":                          {2},
	"Get Channel Payload Support":                      {1},
	"Get Channel Payload Version":                      {2},
	"Get Channel Cipher Suites":                        {3},
	"Suspend/Resume Payload Encryption":                {3},
	"Set Channel Security Keys":                        {3},
	"Set System Info Parameters":                       {2},
	"Get System Info Parameters":                       {4},
	"Get Chassis Capabilities":                         {0},
	"Get Chassis Status":                               {0},
	"Chassis Control":                                  {1},
	"Chassis Identify":                                 {0, 1, 2},
	"Set Power Restore Policy":                         {1},
	"Get System Restart Cause":                         {0},
	"Set System Boot Options":                          {1, 2},
	"Get System Boot Options":                          {3},
	"Set Power Cycle Interval":                         {1},
	"Get Event Receiver":                               {0},
	"Platform Event":                                   {5, 6, 7, 8},
	"Get PEF Capabilities":                             {0},
	"Get PEF Configuration Parameters":                 {3},
	"Get Last Processed Event ID":                      {0},
	"Get Sensor Reading Factors":                       {2},
	"Set Sensor Hysteresis":                            {4},
	"Get Sensor Hysteresis":                            {2},
	"Set Sensor Thresholds":                            {8},
	"Get Sensor Thresholds":                            {1},
	"Set Sensor Event Enable":                          {2, 3, 4, 5, 6},
	"Get Sensor Event Enable":                          {1},
	"Get Sensor Event Status":                          {1},
	"Get Sensor Reading":                               {1},
	"Get Sensor Type":                                  {1},
	"Get FRU Inventory Area Info":                      {1},
	"Read FRU Data":                                    {4},
	"Write FRU Data":                                   {4, anyMore},
	"Get SDR Repository Info":                          {0},
	"Get SDR Repository Allocation Info":               {0},
	"Reserve SDR Repository":                           {0},
	"Get SDR":                                          {6},
	"Get SDR Repository Time":                          {0},
	"Set SDR Repository Time":                          {4},
	"Get SEL Info":                                     {0},
	"Get SEL Allocation Info":                          {0},
	"Reserve SEL":                                      {0},
	"Get SEL Entry":                                    {6},
	"Add SEL Entry":                                    {16},
	"Delete SEL Entry":                                 {4},
	"Clear SEL":                                        {6},
	"Get SEL Time":                                     {0},
	"Set SEL Time":                                     {4},
	"Get SEL Time UTC Offset":                          {0},
	"Set SEL Time UTC Offset":                          {2},
	"Set LAN Configuration Parameters":                 {3, anyMore},
	"Get LAN Configuration Parameters":                 {4},
	"Suspend BMC ARPs":                                 {2},
	"Get IP/UDP/RMCP Statistics":                       {2},
	"Set SOL Configuration Parameters":                 {3, anyMore},
	"Get SOL Configuration Parameters":                 {4},
	"DCMI Get Capabilities Info":                       {0, 2},
	"DCMI Get Asset Tag":                               {0, 3},
	"DCMI Get Sensor Info":                             {0, 5},
	"DCMI Get Management Controller Identifier String": {0, 3},
	"DCMI Get Temperature Readings":                    {0, 5},
}

// lengthless are refused, or not known, whatever data they have.
var lengthless = []string{
	"Set BMC Global Enables", "Clear Message Flags", "Get Message Flags", "Enable Message Channel Receive", "Get Message",
	"Read Event Message Buffer", "Activate Session", "Get POH Counter", "DCMI Get Power Reading", "DCMI Get Power Limit",
	"DCMI Set Asset Tag", "DCMI Set Management Controller Identifier String",
}

func takes(want []int, n int) bool {
	if i := slices.Index(want, anyMore); i > 0 {
		return n >= want[0]
	}
	return slices.Contains(want, n)
}

// TestCommandLengths sends each command zeros of every length up to what the longest takes.
func TestCommandLengths(t *testing.T) {
	for _, row := range Commands() {
		want, known := lengths[row.Name]
		if known == slices.Contains(lengthless, row.Name) {
			t.Errorf("%s: its lengths are not told, or told twice", row.Name)
		}
		if !known {
			continue
		}
		synctest.Test(t, func(t *testing.T) {
			r := serve(t, bothVersions)
			c := r.console(t)
			s := login(t, c, admin)
			for n := range 25 {
				data := make([]byte, n)
				if row.NetFn == ipmi.NetFnGroup && n > 0 {
					data[0] = ipmi.GroupDCMI
				}
				got, err := s.Command(t.Context(), row.NetFn, row.Cmd, data)
				if err != nil {
					t.Fatalf("%s with %d bytes: %v", row.Name, n, err)
				}
				if (got.Code != ipmi.InvalidLength) != takes(want, n) {
					t.Errorf("%s with %d bytes: %v", row.Name, n, got.Code)
				}
				synctest.Wait()
				if len(r.bmc.Sessions()) == 0 {
					s = login(t, c, admin) // a cold reset has ended it
				}
			}
		})
	}
}
