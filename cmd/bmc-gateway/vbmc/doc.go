// Package vbmc reads the configuration directories of vbmc4vsphere and
// virtualbmc and makes of them a configuration of the gateway. It asks nobody:
// neither a vCenter nor a hypervisor.
package vbmc
