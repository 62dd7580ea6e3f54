// Package e2e holds the end-to-end tests: client, gateway and vCenter simulator
// as processes in network namespaces of their own, joined by a bridge, driven
// by the real ipmitool. They need root, iproute2 and ipmitool.
package e2e
