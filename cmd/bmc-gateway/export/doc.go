// Package export writes configuration for the clients of BMCs from what the
// gateway knows of them.
package export
