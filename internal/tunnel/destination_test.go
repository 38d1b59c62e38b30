package tunnel

import (
	"slices"
	"strings"
	"testing"
)

func TestParseDestination(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]struct {
		name, typed, socket string
		arguments           []string
	}{
		"ssh://gpubox":                    {"ssh://gpubox", "gpubox", "", []string{"--", "gpubox"}},
		"ssh://gpubox/":                   {"ssh://gpubox", "gpubox", "", []string{"--", "gpubox"}},
		"ssh://me@gpu.example.org:2222":   {"ssh://me@gpu.example.org:2222", "-p 2222 me@gpu.example.org", "", []string{"-l", "me", "-p", "2222", "--", "gpu.example.org"}},
		"ssh://10.0.0.1/run/docker.sock":  {"ssh://10.0.0.1", "10.0.0.1", "/run/docker.sock", []string{"--", "10.0.0.1"}},
		"ssh://[2001:db8::1]":             {"ssh://[2001:db8::1]", "2001:db8::1", "", []string{"--", "2001:db8::1"}},
		"ssh://me@[2001:db8::1]:22":       {"ssh://me@[2001:db8::1]:22", "-p 22 me@2001:db8::1", "", []string{"-l", "me", "-p", "22", "--", "2001:db8::1"}},
		"ssh://me%40work@box":             {"ssh://me@work@box", "me@work@box", "", []string{"-l", "me@work", "--", "box"}},
		"ssh://bücher/run/user/1000/p.so": {"ssh://bücher", "bücher", "/run/user/1000/p.so", []string{"--", "bücher"}},
	} {
		d, err := ParseDestination(address)
		if err != nil {
			t.Errorf("%q: %v", address, err)
			continue
		}
		if d.String() != want.name || d.Host() != want.typed || d.SocketPath() != want.socket || !slices.Equal(d.arguments(), want.arguments) {
			t.Errorf("%q became %q, %q, %q, %q", address, d, d.Host(), d.SocketPath(), d.arguments())
		}
	}
}

func TestParseDestinationRefuses(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"", "gpubox", "unix:///run/docker.sock", "tcp://gpubox:22", "ssh:gpubox", "ssh://", "ssh:///run/docker.sock", "ssh://@gpubox",
		"ssh://-oProxyCommand=id", "ssh://me@-oProxyCommand=id", "ssh://-l@gpubox", "ssh://a b", "ssh://a\nb", "ssh://a%20b", "ssh://a%0ab",
		"ssh://a$(id)", "ssh://a`id`", "ssh://a;id", "ssh://a|id", "ssh://a&id", "ssh://a'b", `ssh://a"b`, `ssh://a\b`, "ssh://a<b", "ssh://$(id)@a", "ssh://`id`@a",
		"ssh://me:secret@gpubox", "ssh://gpubox?x=1", "ssh://gpubox?", "ssh://gpubox#x", "ssh://::", "ssh://a:b:1", "ssh://gpubox:0", "ssh://gpubox:65536", "ssh://gpubox:x",
		"ssh://gpubox/a:b", "ssh://gpubox/${HOME}", "ssh://gpubox/a%25h", "ssh://gpubox/a%00b", "ssh://gpubox/a\\b",
		"ssh://a\u202eb", "ssh://a\u200bb", "ssh://" + strings.Repeat("a", 10) + "\x7f",
	} {
		d, err := ParseDestination(address)
		if err == nil {
			t.Errorf("%q became %q", address, d.arguments())
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("the error has the password: %v", err)
		}
	}
}

// FuzzParseDestination looks for a host or a user that is more than data.
func FuzzParseDestination(f *testing.F) {
	for _, seed := range []string{"ssh://me@gpubox:22/run/docker.sock", "ssh://[::1%25eth0]", "ssh://-x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		d, err := ParseDestination(address)
		if err != nil {
			return
		}
		for _, word := range []string{d.user, d.host} {
			if strings.HasPrefix(word, "-") || strings.ContainsAny(word, " \t\r\n\x00'`\"$\\;&<>|(){}!*?~#") {
				t.Errorf("%q has the word %q", address, word)
			}
		}
		if arguments := d.arguments(); arguments[len(arguments)-2] != "--" {
			t.Errorf("%q: %q", address, arguments)
		}
		if again, err := ParseDestination(d.String() + d.socket); d.user == "" && strings.IndexByte(d.host, '%') < 0 && !strings.Contains(d.socket, " ") && (err != nil || again != d) {
			t.Errorf("%q became %q, which is %q (%v)", address, d, again, err)
		}
	})
}
