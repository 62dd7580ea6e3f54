// Package deploy holds what is shipped beside the binary: the example
// configuration, the systemd unit, packages and a container.
package deploy

import _ "embed"

// ExampleConfig is config.example.yaml: every key there is, with its default.
//
//go:embed config.example.yaml
var ExampleConfig string
