// Package docstest holds the test that executes what the documentation shows:
// README.md and every page below docs.
//
// A page is played from its beginning to its end in a world of its own: a network
// namespace, so that 192.0.2.0/24, 10.120.8.0/22, the interface ens192 and port
// 623 of the pages are real, and a mount namespace with a private /etc, /run,
// /root, /var/lib and /var/log. vcenter.example.org is a simulator on another
// host of that network, bmc-gateway is the program as built from this source, and
// systemctl is a stand-in that starts what the unit's ExecStart says. All
// commands of a page run in one shell, as root, on the gateway's host.
//
// # Blocks
//
// A block whose first line has a prompt ("$ " or "# ") is a terminal: its
// commands are executed as they stand there. Lines behind "> " continue a
// command, and so does a backslash. What is shown beneath a command is what it
// has to print, line by line; runs of blanks are one, "…" or "..." stands for
// anything within a line, and for any number of lines on a line of its own. A
// command beneath which nothing is shown may print anything, and has to end
// with 0. Where output is shown, or "echo $?" follows, it may end with any code.
//
// A block of YAML is configuration of the gateway. With apiVersion it is a whole
// one, else a part, which is laid over /etc/bmc-gateway/config.yaml: entries of
// lists are matched by name. "config check" has to take it.
//
// A block of text (or of no language, without a prompt) is a drawing. Any other
// one needs a comment that says what checks it.
//
// # Comments
//
// HTML comments in front of a block change what is done with it; readers of the
// page do not see them.
//
//	<!-- not run: REASON -->    nothing; listed in docs/reference/compatibility.md
//	<!-- stdin: TEXT -->        the commands read that
//	<!-- file: PATH -->         the block is the content of that file
//	<!-- check: COMMAND -->     the block is in the file $BLOCK for this command
//	<!-- merge: REASON -->      the part stays in /etc/bmc-gateway/config.yaml
//	<!-- retry: REASON -->      commands are repeated until the output is right
//
// And these stand anywhere:
//
//	<!-- world: VM... -->       at the beginning: tenant lab-a with those VMs is served,
//	                            web1=10.120.8.17 at that address
//	<!-- run: COMMANDS -->      what the reader's world has by itself: it has to succeed
//
// In them there are the commands vc, which changes the simulated vCenter and
// vcenter-nested.example.org, whose hosts are VMs of it ("vc help"); other, which
// runs a command on another host of the network; and eventually, which repeats a
// command until it succeeds.
package docstest
