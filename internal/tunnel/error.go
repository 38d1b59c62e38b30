package tunnel

import (
	"strings"

	"colabtray/internal/i18n"
)

// Kind is why ssh could not do what it was asked for.
type Kind int

// The kinds of an [Error].
const (
	Other Kind = iota
	HostKeyUnknown
	HostKeyChanged
	PermissionDenied
	// PromptWanted is a password, a one-time password or a passphrase that nobody
	// could be asked for.
	PromptWanted
	NameUnknown
	Refused
	NoRoute
	TimedOut
	ForwardingForbidden
	// SessionRefused is a box that allows no further command over one connection.
	SessionRefused
	// NoSSH is an ssh program that is not there.
	NoSSH
	// NoCommand is a command that the box has not.
	NoCommand
	SocketMissing
	SocketDenied
)

var kinds = [...]string{
	"ssh failed", "the host key is unknown", "the host key has changed", "permission denied", "a password is wanted",
	"the name is unknown", "connection refused", "no route", "timed out", "forwarding is forbidden",
	"the box allows no further session", "there is no ssh program", "the box has no such command",
	"the socket is missing", "no right to the socket",
}

func (k Kind) String() string { return kinds[k] }

// lasting reports whether a failure stays until a person does something about it.
// Trying again quickly would not help, and could lock the person out.
func (k Kind) lasting() bool {
	switch k {
	case HostKeyUnknown, HostKeyChanged, PermissionDenied, PromptWanted, NoSSH:
		return true
	default:
		return false
	}
}

// Error is a failure of ssh.
type Error struct {
	Kind        Kind
	Destination Destination
	// Text is what ssh said: bounded, and with printable characters only.
	Text string
}

// Error returns an English sentence for the log.
func (e *Error) Error() string {
	text := e.Destination.String() + ": " + e.Kind.String()
	if e.Text != "" {
		text += ": " + strings.ReplaceAll(e.Text, "\n", "; ")
	}
	return text
}

// words are those by which ssh and sshd tell a kind, in lower case. The first that
// occurs counts.
var words = []struct {
	words string
	kind  Kind
}{
	{"remote host identification has changed", HostKeyChanged},
	{"host key verification failed", HostKeyUnknown},
	{": permission denied (", PermissionDenied},
	{"session open refused by peer", SessionRefused},
	{"administratively prohibited", ForwardingForbidden},
	{"could not resolve hostname", NameUnknown},
	{"no route to host", NoRoute},
	{"network is unreachable", NoRoute},
	{"connection timed out", TimedOut},
	{"operation timed out", TimedOut},
	{"not responding", TimedOut},
	{"connection refused", Refused},
	{"command not found", NoCommand},
}

// kindOf tells the kind of a failure by what ssh said.
func kindOf(text string) Kind {
	text = strings.ToLower(text)
	for _, one := range words {
		_, rest, is := strings.Cut(text, one.words)
		if !is {
			continue
		}
		methods, _, _ := strings.Cut(rest, ")")
		// The box would take a password, or has taken a key that nobody opens.
		if one.kind == PermissionDenied && (strings.Contains(methods, "password") ||
			strings.Contains(methods, "keyboard-interactive") || strings.Contains(text, "debug1: server accepts key:")) {
			return PromptWanted
		}
		return one.kind
	}
	return Other
}

// failure makes an error of what ssh said.
func (d Destination) failure(text string) *Error { return d.fail(kindOf(text), text) }

// fail makes an error of a kind. Its text is the end of what ssh said, where the cause
// is.
func (d Destination) fail(kind Kind, text string) *Error {
	const most = 1000
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(i18n.Line(line)); line != "" && !strings.HasPrefix(line, "debug1: ") {
			lines = append(lines, line)
		}
	}
	text = strings.Join(lines, "\n")
	if len(text) > most {
		text = strings.ToValidUTF8(text[len(text)-most:], "")
	}
	return &Error{Kind: kind, Destination: d, Text: text}
}
