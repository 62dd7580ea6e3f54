package interop

import "time"

// pyghmiClients is OpenStack's and confluent's library, driven by a script that
// evaluates one expression in a session of its own. It tries suite 17 first. It
// often looks for an answer up to a second after that has come, hence the patience.
func pyghmiClients() []*client {
	return []*client{{
		name: "pyghmi", program: "/usr/bin/python3", debian: "python3-pyghmi",
		patience: 40 * time.Second, with: "/usr/bin/python3 $TESTDATA/pyghmi_client.py", cases: pyghmiCases,
	}}
}

var pyghmiCases = []row{
	{name: "get_power", line: "'c.get_power()'", want: []string{"'powerstate': 'on'"}},
	{name: "as operator, after asking for administrator", line: "'c.get_power()' operator", want: []string{"'powerstate': 'on'"}},
	{name: "wrong password", line: "'c.get_power()' admin wrong", want: []string{"Incorrect password"}, not: []string{"powerstate'"}},
	{name: "unknown user", line: "'c.get_power()' nobody", not: []string{"powerstate'"}, within: time.Minute},
	{name: "get_bootdev, none", line: "'c.get_bootdev()'", want: []string{"'bootdev': 'default'"}},
	{name: "set_bootdev", line: "'c.set_bootdev(\"network\", uefiboot=True)'", want: []string{"'bootdev': 'network'"}, boot: "pxe"},
	{name: "get_bootdev", line: "'c.get_bootdev()'", want: []string{"'bootdev': 'network'", "'uefimode': True", "'persistent': False"}},
	{name: "set_identify", line: "'c.set_identify(duration=5)'", want: []string{"None"}, not: []string{"Exception"}},
	{name: "get_sensor_data", line: "'c.get_sensor_data()'", want: []string{"'name':", "'health': 0"}, not: []string{"Exception", "Traceback"}, within: time.Minute},
	{name: "get_health", line: "'c.get_health()'", want: []string{"'health': 0", "'badreadings': []"}, within: time.Minute},
	{name: "get_inventory", line: "'c.get_inventory()'", want: []string{"'Product name': '" + labPrefix, "UUID"}, within: time.Minute},
	{name: "get_net_configuration", line: "'c.get_net_configuration()'", want: []string{"'ipv4_address': '127.62.", "'ipv4_configuration': 'Static'", "'mac_address': '02:"}},
	{name: "get_users", line: "'c.get_users()'", want: []string{"'name': 'admin'", "'privilege_level': 'administrator'", "'name': 'operator'"}},
	{name: "get_firmware", line: "'c.get_firmware()'", want: []string{"1.23"}},
	{name: "get_mci", line: "'c.get_mci()'", want: []string{"'" + labPrefix}, not: []string{"Traceback"}},
	{name: "get_asset_tag", line: "'c.get_asset_tag()'", want: []string{"'" + labPrefix}, not: []string{"Traceback"}},
	{name: "set_power off, and wait", line: "'c.set_power(\"off\", wait=30)'", want: []string{"'powerstate': 'off'"}, power: "off", within: time.Minute},
	{name: "set_power boot, from off", line: "'c.set_power(\"boot\", wait=30)'", want: []string{"'powerstate': 'on'"}, power: "on", within: time.Minute},
	{name: "set_power boot, from on", line: "'c.set_power(\"boot\")'", not: []string{"Traceback"}, power: "on", within: time.Minute},
	{name: "set_power shutdown", line: "'c.set_power(\"shutdown\", wait=30)'", want: []string{"'powerstate': 'off'"}, power: "off", within: time.Minute},
	{name: "set_power on", line: "'c.set_power(\"on\", wait=30)'", want: []string{"'powerstate': 'on'"}, power: "on", within: time.Minute},
	{name: "get_event_log", line: "'c.get_event_log()'", want: []string{"'component_type': 'Power Unit'", "'severity': "}, not: []string{"Traceback"}},
	{name: "reset_bmc", line: "'c.reset_bmc()'", not: []string{"Traceback"}, power: "on"},
}
