package tunnel

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestKindOf(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]Kind{
		"Host key verification failed.": HostKeyUnknown,
		"@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\nHost key verification failed.":          HostKeyChanged,
		"me@box: Permission denied (publickey).":                                                              PermissionDenied,
		"me@box: Permission denied (publickey,gssapi-with-mic).":                                              PermissionDenied,
		"me@box: Permission denied (publickey,password).":                                                     PromptWanted,
		"me@box: Permission denied (keyboard-interactive).":                                                   PromptWanted,
		"debug1: Server accepts key: /home/me/.ssh/id ED25519\nme@box: Permission denied (publickey).":        PromptWanted,
		"ssh: Could not resolve hostname nosuch.invalid: Name or service not known":                           NameUnknown,
		"ssh: Could not resolve hostname box: Temporary failure in name resolution":                           NameUnknown,
		"ssh: connect to host box port 22: Connection refused":                                                Refused,
		"ssh: connect to host box port 22: No route to host":                                                  NoRoute,
		"ssh: connect to host box port 22: Network is unreachable":                                            NoRoute,
		"ssh: connect to host box port 22: Connection timed out":                                              TimedOut,
		"ssh: connect to host box port 22: Operation timed out":                                               TimedOut,
		"Connection timed out during banner exchange\nConnection to 127.0.0.1 port 22 timed out":              TimedOut,
		"Timeout, server box not responding.":                                                                 TimedOut,
		"channel 2: open failed: administratively prohibited: open failed":                                    ForwardingForbidden,
		"mux_client_request_session: session request failed: Session open refused by peer\nConnection closed": SessionRefused,
		"bash: line 1: docker: command not found":                                                             NoCommand,
		"":                                  Other,
		"kex_exchange_identification: read": Other,
	} {
		if got := kindOf(said); got != want {
			t.Errorf("%q is %v, want %v", said, got, want)
		}
	}
	if len(kinds) != int(SocketDenied)+1 {
		t.Errorf("there are %d words for kinds", len(kinds))
	}
}

// TestErrorText: what a box says is bounded and harmless.
func TestErrorText(t *testing.T) {
	t.Parallel()
	d := Destination{host: "box"}
	err := d.failure(strings.Repeat("a banner of the box\n", 1000) + "debug1: more\n\x1b]0;title\a\u202eme@box: Permission denied (publickey).\r\n\n")
	if err.Kind != PermissionDenied || len(err.Text) > 1000 || !strings.HasSuffix(err.Text, "\nme@box: Permission denied (publickey).") {
		t.Errorf("got %v, %d bytes: %q", err.Kind, len(err.Text), err.Text)
	}
	if text := err.Error(); strings.ContainsAny(text, "\n\x1b") || !strings.HasPrefix(text, "ssh://box: permission denied: ") {
		t.Errorf("the log gets %q", text)
	}
}

// FuzzSaid looks for words of a box that get past those of ssh: into the log as lines of
// their own, as more than printable text, or without bound.
func FuzzSaid(f *testing.F) {
	for _, seed := range []string{
		"me@box: Permission denied (publickey).\r\n", "debug1: more\n\x1b]0;title\a\u202eDocker", "\xff\xfe\n\x00\n", "Host key verification failed.",
		strings.Repeat("a banner of the box\n", 100), strings.Repeat("\u00e9\u0301", 600),
		strings.Repeat("\u00e9\xa9", 300), "a\tb\x9c",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, said string) {
		err := Destination{host: "box"}.failure(said)
		if len(err.Text) > 1000 || !utf8.ValidString(err.Text) {
			t.Errorf("of %q came %d bytes: %q", said, len(err.Text), err.Text)
		}
		if i := strings.IndexFunc(err.Text, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }); i >= 0 {
			t.Errorf("of %q came %q", said, err.Text)
		}
		if text := err.Error(); strings.Contains(text, "\n") || !strings.HasPrefix(text, "ssh://box: ") {
			t.Errorf("of %q the log gets %q", said, text)
		}
		_ = err.Kind.lasting()
	})
}
