// Package doctor looks at the host, the network, the vCenters and the running
// daemon with the eyes of an administrator whose BMCs do not answer, and says
// what is wrong and what to do about it. It changes nothing.
package doctor
