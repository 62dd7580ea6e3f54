// Package audit appends lines to a file. Who has a line to write never waits, and a
// disk that fails stops nobody: what cannot be written is counted.
package audit
