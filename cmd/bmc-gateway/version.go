package main

import (
	"fmt"
	"regexp"
	"runtime"
	"runtime/debug"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/bmc-gateway/bmc-gateway/gateway"
	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// version is set by the linker (-X main.version=...) and by nothing else.
var version = "0.1.0-dev"

func (p *program) versionCommand() *cobra.Command {
	var f format
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Tell which program this is",
		Args:  f.args(noArguments),
		RunE: func(*cobra.Command, []string) error {
			return f.print(p.stdout, map[string]string{"apiVersion": admin.APIVersion, "kind": "Version",
				"version": version, "revision": revision(), "goVersion": runtime.Version()},
				func() string { return fmt.Sprintf("bmc-gateway %s (%s, %s)\n", version, revision(), runtime.Version()) })
		},
	}
	f.flag(cmd, "text", "json", "yaml")
	return cmd
}

// revision is the commit the program was built from, as go build noted it.
func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value[:min(len(s.Value), 12)]
		}
	}
	return "unknown"
}

var numbers = regexp.MustCompile(`^v?(\d+)\.(\d+)`)

// gatewayVersion is the version as the BMCs tell it. Get Device ID has room for
// a major of 0 to 127 and a minor of 0 to 99 (section 20.1); a version that does
// not fit, or is none, is told as 0.0.
func gatewayVersion() gateway.Version {
	return gateway.Version{Text: version, Firmware: firmware(version)}
}

func firmware(version string) [2]uint8 {
	m := numbers.FindStringSubmatch(version)
	if m == nil {
		return [2]uint8{}
	}
	major, _ := strconv.ParseUint(m[1], 10, 64) // on overflow the greatest number, which does not fit
	minor, _ := strconv.ParseUint(m[2], 10, 64)
	if major > 127 || minor > 99 {
		return [2]uint8{}
	}
	return [2]uint8{uint8(major), uint8(minor)}
}
