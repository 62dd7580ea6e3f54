package interop

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/lab"
)

// powermanConf makes powerman's daemon speak through an interactive ipmipower;
// the daemon is started by each line and ends with it.
const powermanConf = `include "/etc/powerman/ipmipower.dev"
listen "127.0.0.1:%[1]d"
device "bmc" "ipmipower" "/usr/sbin/ipmipower -h %[2]s -u admin -p %[3]s -D LAN_2_0 -I 17 --wait-until-on --wait-until-off |&"
node "vm" "bmc" "%[2]s"
`

func powermanClients() []*client {
	const daemon = `powermand -f -Y -c $HOME/powerman.conf >daemon.log 2>&1 & daemon=$!; trap 'kill $daemon; wait $daemon' EXIT; ` +
		`n=0; until powerman -h 127.0.0.1:$POWERMAN -q 2>/dev/null | grep -q "unknown: *$" || [ $n -gt 50 ]; do n=$((n+1)); sleep 0.1; done; powerman -h 127.0.0.1:$POWERMAN`
	return []*client{{
		name: "powerman", program: "powermand", debian: "powerman", standard: true, with: daemon,
		prepare: func(t *testing.T, b *bench) {
			port := 20000 + os.Getpid()%10000
			b.Env = append(b.Env, fmt.Sprintf("POWERMAN=%d", port))
			text := fmt.Sprintf(powermanConf, port, b.Address, lab.Password)
			if err := os.WriteFile(filepath.Join(b.Home, "powerman.conf"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		cases: []row{
			{name: "query", line: "-q vm", want: []string{"on: vm off:"}, within: 15 * time.Second},
			{name: "off", line: "-0 vm", want: []string{"Command completed successfully"}, power: "off", within: 30 * time.Second},
			{name: "query, off", line: "-q vm", want: []string{"off: vm unknown:"}, within: 15 * time.Second},
			{name: "on", line: "-1 vm", want: []string{"Command completed successfully"}, power: "on", within: 30 * time.Second},
			{name: "beacon on", line: "-f vm", want: []string{"Command completed successfully"}, within: 15 * time.Second},
			{name: "beacon query", line: "-b vm", want: []string{"on: vm off:"}, within: 15 * time.Second},
			{name: "beacon off", line: "-u vm", want: []string{"Command completed successfully"}, within: 15 * time.Second},
		},
	}}
}
