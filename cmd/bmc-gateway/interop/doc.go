// Package interop holds the interoperability suite: stock IPMI clients, run
// unmodified against a gateway and a vCenter simulator, and the conversations
// they had, which replay where no client is installed. It has only tests.
package interop
