package docstest

import (
	_ "embed"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// operatorPassword is also in the environment as IPMI_PASSWORD, which ipmitool -E reads.
const operatorPassword = "S3cretWord-lab-a"

//go:embed testdata/lab.yaml
var labConfig string

// retryFor is how long commands of a block with "retry" are repeated.
const retryFor = 45 * time.Second

// A player executes a page.
type player struct {
	t        *testing.T
	page     *page
	world    *world
	problems []string
}

// play executes the page and returns what is wrong with it.
func play(t *testing.T, p *page) []string {
	t.Helper()
	pl := &player{t: t, page: p}
	for _, x := range p.parts {
		pl.part(x)
	}
	if len(pl.problems) > 0 && pl.world != nil {
		out, _, _ := pl.run("tail -n 20 /var/log/daemon.log", "")
		t.Logf("the end of the daemon's log:\n%s", out)
	}
	return pl.problems
}

func (x part) isDrawing() bool {
	return !x.hidden && (x.language == "" || x.language == "text") && !x.isTerminal() && len(x.notes) == 0
}

// run executes a command. The first one makes the world.
func (pl *player) run(command, stdin string) (printed string, code int, err error) {
	if pl.world == nil {
		pl.world = newWorld(pl.t)
		if pl.page.world != nil {
			pl.serve()
		}
	}
	return pl.world.run(command, stdin)
}

func (pl *player) wrong(line int, format string, args ...any) {
	pl.problems = append(pl.problems, fmt.Sprintf("%s:%d: ", pl.page.name, line)+fmt.Sprintf(format, args...))
}

// must runs what is no part of the page and has to succeed.
func (pl *player) must(line int, command, stdin string) {
	out, code, err := pl.run(command, stdin)
	if err != nil {
		pl.wrong(line, "%v", err)
	} else if code != 0 {
		pl.wrong(line, "%s: exit code %d:\n%s", strings.TrimSpace(command), code, out)
	}
}

// hidden runs the commands of a comment, each of which has to succeed.
func (pl *player) hidden(x part) {
	text := "__failed=\ntrap '__failed=\"${__failed:-$BASH_COMMAND}\"' ERR\n" + x.text + "trap - ERR\n" +
		"[ -z \"$__failed\" ] || { echo \"it was: $__failed\"; false; }"
	out, code, err := pl.run(text, "")
	if err != nil || code != 0 {
		pl.wrong(x.line, "unseen commands failed: %v\n%s", err, out)
	}
}

// serve makes the world of most pages: a tenant whose VMs all have a BMC.
func (pl *player) serve() {
	for name, secret := range map[string]string{"vc-lab": vcenterPassword, "lab-a-operator": operatorPassword, "lab-a-admin": operatorPassword, "lab-a-metrics": "S3cretWord-metri"} {
		pl.must(0, "cat > /etc/bmc-gateway/secrets/"+name+" && chmod 640 /etc/bmc-gateway/secrets/"+name, secret+"\n")
	}
	pl.must(0, "cp /run/vcenter-ca.pem /etc/bmc-gateway/ca-lab.pem && cat > /etc/bmc-gateway/config.yaml", labConfig)
	for _, vm := range pl.page.world {
		vm, address, has := strings.Cut(vm, "=")
		pl.must(0, fmt.Sprintf("vc vm %[1]s Lab && vc tools %[1]s on && vc tag bmc/enabled %[1]s", vm), "")
		if has {
			pl.must(0, fmt.Sprintf("vc attribute %s bmc.address %s", vm, address), "")
		}
	}
	pl.must(0, fmt.Sprintf(`systemctl start bmc-gateway && eventually 'test "$(bmc-gateway list | grep -c ready)" = %d'`, len(pl.page.world)), "")
}

func (pl *player) part(x part) {
	_, unrun := x.notes["not run"]
	_, isFile := x.notes["file"]
	check, isChecked := x.notes["check"]
	switch {
	case unrun:
		if len(x.notes["not run"]) < 10 {
			pl.wrong(x.line, "no reason why it is not run")
		}
	case x.hidden:
		pl.hidden(x)
	case isChecked:
		pl.must(x.line, "BLOCK=$(mktemp) && cat > $BLOCK", pl.fill(x.text))
		pl.must(x.line, check, "")
	case x.isTerminal():
		pl.terminal(x)
	case x.language == "yaml":
		pl.yaml(x)
	case isFile:
		pl.file(x.notes["file"], x)
	case !x.isDrawing():
		pl.wrong(x.line, "a block of %q that is neither executed nor checked nor marked as not run", x.language)
	case shownCommand.MatchString(x.text):
		pl.wrong(x.line, "commands in a drawing")
	}
}

// shownCommand is a line that looks like something to type.
var shownCommand = regexp.MustCompile(`(?m)^\s*([$#] \S|bmc-gateway [a-z]|ipmitool )`)

// thumbprint is one in a configuration of a page: that of our vCenter is another.
var thumbprint = regexp.MustCompile(`thumbprint: "[0-9A-F:]+"`)

// fill puts into a block what only the world knows.
func (pl *player) fill(text string) string {
	if !thumbprint.MatchString(text) {
		return text
	}
	out, _, _ := pl.run("vc thumbprint", "")
	return thumbprint.ReplaceAllString(text, fmt.Sprintf("thumbprint: %q", strings.TrimSpace(out)))
}

func (pl *player) file(path string, x part) {
	pl.must(x.line, fmt.Sprintf("mkdir -p $(dirname %[1]s) && cat > %[1]s", path), pl.fill(x.text))
}

// terminal executes the commands of a block.
func (pl *player) terminal(x part) {
	_, retry := x.notes["retry"]
	all := steps(x)
	for i, s := range all {
		asked := i+1 < len(all) && all[i+1].asksCode()
		end := time.Now()
		if retry {
			end = end.Add(retryFor)
		}
		out, err := pl.step(s, x.notes["stdin"], asked)
		for err != nil && time.Now().Before(end) {
			<-time.After(200 * time.Millisecond)
			out, err = pl.step(s, x.notes["stdin"], asked)
		}
		pl.t.Logf("# %s\n%s", s.command, out)
		if err != nil {
			pl.wrong(s.line, "%s: %v", s.command, err)
		}
	}
}

// step executes one command and compares.
func (pl *player) step(s step, stdin string, asked bool) (string, error) {
	if stdin != "" {
		stdin += "\n"
	}
	out, code, err := pl.run(s.command, stdin)
	if err != nil {
		return out, err
	}
	if code != 0 && len(s.want) == 0 && !asked {
		return out, fmt.Errorf("exit code %d, and nothing is shown:\n%s", code, out)
	}
	return out, compare(s.want, out)
}

// yaml checks a configuration, or a part of one.
func (pl *player) yaml(x part) {
	text := pl.fill(x.text)
	whole := strings.HasPrefix(text, "apiVersion:")
	if !whole {
		present, _, err := pl.run("cat /etc/bmc-gateway/config.yaml 2>/dev/null", "")
		if err != nil || !strings.HasPrefix(present, "apiVersion:") {
			present = labConfig
		}
		if text, err = overlay(present, text); err != nil {
			pl.wrong(x.line, "%v", err)
			return
		}
	}
	pl.check(x.line, text)
	if _, keep := x.notes["merge"]; keep {
		pl.must(x.line, "cat > /etc/bmc-gateway/config.yaml", text)
	}
	if path, isFile := x.notes["file"]; isFile {
		pl.file(path, part{line: x.line, text: text})
	}
}

// secretFile is a file that a configuration names.
var secretFile = regexp.MustCompile(`(?m)\b(password_file|ca_file|kg_file): ([^\s,}"]+)`)

// check gives a configuration to "config check", in a directory in which all
// files are that it names.
func (pl *player) check(line int, text string) {
	files := make(map[string]bool)
	for _, m := range secretFile.FindAllStringSubmatch(text, -1) {
		files[m[2]] = m[1] == "ca_file"
	}
	pl.must(line, "rm -rf /run/check && mkdir -p /run/check && cat > /run/check/config.yaml", text)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		source := "echo S3cretWord-1234"
		if files[name] {
			source = "cat /run/vcenter-ca.pem"
		}
		pl.must(line, fmt.Sprintf("cd /run/check && mkdir -p $(dirname %[2]s) && %[1]s > %[2]s && chmod 640 %[2]s; cd ~-", source, name), "")
	}
	out, code, err := pl.run("bmc-gateway config check --config /run/check/config.yaml", "")
	if err != nil || code != 0 {
		pl.wrong(line, "config check: exit code %d: %v\n%s", code, err, out)
	}
}
