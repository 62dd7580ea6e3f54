package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// With nothing selected people are told where to look, and programs nothing.
func TestListOfNothing(t *testing.T) {
	nobody := lab()
	nobody = nobody[:0]
	socket := daemon(t, nobody)
	for output, told := range map[string]bool{"table": true, "json": false, "csv": false, "name": false} {
		code, _, stderr := command(t, none, "--socket", socket, "list", "-o", output)
		if code != 0 || strings.Contains(stderr, "no VM is selected") != told {
			t.Errorf("%s: exit code %d, standard error %q", output, code, stderr)
		}
	}
}

func TestListTable(t *testing.T) {
	socket := daemon(t, lab())
	for _, tt := range []struct {
		name string
		args []string
		want []string
	}{
		{"all", nil, []string{
			"TENANT  NAME            STATUS   POWER    ADDRESS      PORT  SESSIONS  LAST REQUEST  VCENTER",
			"lab-a   esxi01          ready    on       10.120.8.17  623   1         1h ago        vc-lab",
			"lab-a   web1            ready    off      10.120.8.18  623   0         -             vc-lab",
			"lab-b   web1            pending  unknown  -            623   -         -             vc-dmz",
			"lab-b   evil?[2J?name   error    unknown  -            623   -         -             vc-dmz",
		}},
		{"one tenant without headers", []string{"-t", "lab-a", "--no-headers"}, []string{
			"lab-a  esxi01  ready  on   10.120.8.17  623  1  1h ago  vc-lab",
			"lab-a  web1    ready  off  10.120.8.18  623  0  -       vc-lab",
		}},
		{"wide", []string{"-t", "lab-b", "-o", "wide"}, []string{
			"TENANT  NAME           STATUS   POWER    ADDRESS  PORT  SESSIONS  LAST REQUEST  VCENTER  MAC  INTERFACE  POOL    VM  UUID         CLUSTER  REASON",
			"lab-b   web1           pending  unknown  -        623   -         -             vc-dmz   -    -          dmz-v4  -   5026aaaa-03  gold     address pool exhausted",
			"lab-b   evil?[2J?name  error    unknown  -        623   -         -             vc-dmz   -    -          -       -   -            -        no socket",
		}},
		{"names", []string{"-o", "name"}, []string{"lab-a/esxi01", "lab-a/web1", "lab-b/web1", "lab-b/evil?[2J?name"}},
		{"none", []string{"-t", "lab-a", "-l", "power=suspended", "-o", "name"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, stdout, stderr := command(t, none, append([]string{"--socket", socket, "list"}, tt.args...)...)
			if code != 0 || stderr != "" {
				t.Errorf("exit code %d, standard error %q", code, stderr)
			}
			if diff := cmp.Diff(squeeze(tt.want), squeeze(strings.Split(stdout, "\n"))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			aligned(t, strings.Split(strings.TrimSuffix(stdout, "\n"), "\n"))
		})
	}
}

// squeeze makes one blank of many: how wide the columns are is not the matter.
func squeeze(lines []string) (out []string) {
	for _, l := range lines {
		if l != "" {
			out = append(out, strings.Join(strings.Fields(l), " "))
		}
	}
	return out
}

// aligned checks that the second column begins at one place.
func aligned(t *testing.T, lines []string) {
	t.Helper()
	for _, l := range lines {
		first, rest, ok := strings.Cut(l, "  ")
		firstAbove, restAbove, _ := strings.Cut(lines[0], "  ")
		if !ok {
			continue
		}
		at := len(first) + len(rest) - len(strings.TrimLeft(rest, " "))
		above := len(firstAbove) + len(restAbove) - len(strings.TrimLeft(restAbove, " "))
		if at != above {
			t.Errorf("columns are not aligned:\n%s\n%s", lines[0], l)
		}
	}
}

func TestListJSON(t *testing.T) {
	socket := daemon(t, lab())
	code, stdout, _ := command(t, none, "--socket", socket, "list", "-t", "lab-a", "-o", "json")
	var got struct {
		APIVersion, Kind string
		Items            []struct{ Name, State, Address string }
	}
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || code != 0 {
		t.Fatalf("exit code %d, %v in %q", code, err, stdout)
	}
	if got.APIVersion != "bmc-gateway/v1" || got.Kind != "BMCList" || len(got.Items) != 2 ||
		got.Items[0].Name != "esxi01" || got.Items[0].State != "ready" || got.Items[0].Address != "10.120.8.17" {
		t.Errorf("got %+v", got)
	}
}

func TestBrief(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 0: "0s", 59 * time.Second: "59s", time.Minute: "1m", 59*time.Minute + 59*time.Second: "59m",
		47 * time.Hour: "47h", 48 * time.Hour: "2d", 1000 * time.Hour: "41d",
	} {
		if got := brief(d); got != want {
			t.Errorf("%s: got %s, want %s", d, got, want)
		}
	}
}
