// Package config reads the configuration file: strict YAML in, a checked and
// defaulted gateway.Config out, with every problem named by file, line and key.
// No other package knows how the file is spelled.
package config
