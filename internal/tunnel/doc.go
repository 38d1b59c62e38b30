// Package tunnel owns the way to another computer, a box, over ssh: one connection per
// box, kept up by the person's own ssh program, and connections through it to unix
// sockets and to ports of the box's loopback.
//
// The person's program knows their aliases, jump hosts, agents and hardware keys. It logs
// in once, as a master, and takes forwards and sessions through its control socket. All
// sockets are in a private directory of this tunnel. Nothing listens on a port of this
// computer (see plain for ssh of Windows, which has no master). Users of one box share its
// tunnel by a [Pool].
//
// A connection that is lost is made again: at once, then after 0.1 seconds, doubling to
// 5, and after 30 seconds where only a person can help. A Dial waits for that up to 10
// seconds, so that a short repair is not noticed. After these only a Dial leads to another
// login, and no sooner: whoever wants the box back dials now and then. While a connection is there, nothing
// here runs on a timer: ssh notices its loss by its own keepalive after 30 seconds at
// most, and sooner where somebody who waits for an answer calls [Tunnel.Doubt].
//
// The package knows no engine, and has no texts for people: its errors have a [Kind].
package tunnel
