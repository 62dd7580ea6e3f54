// Package page is the status page of the daemon: what it serves, what is wrong and
// what helps, for people with a browser. It is read-only, rendered by the server and
// complete without JavaScript; with it an open page follows what happens.
package page
