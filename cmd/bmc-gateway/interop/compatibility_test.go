package interop

import "testing"

func writeCompatibility(t *testing.T, all []*client) {}
