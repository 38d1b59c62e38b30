// Package gateway owns the ports of this computer that the program itself listens at,
// so that a Backend URL can lead to a runtime whose own port is elsewhere, or that does
// not run yet.
//
// A [Gateway] listens at 127.0.0.1 and nowhere else. Where it has a [Way], it passes
// each connection on and reads nothing of it. Where it has [Waking] instead, it reads
// the first request of a connection and decides: see [Waking].
//
// Package gateway knows no engine, no profile and no text for people.
package gateway
