package docker

import "testing"

// TestWhereIs: an engine is one of this computer only where a socket or a pipe
// leads to it.
func TestWhereIs(t *testing.T) {
	type place struct {
		local   bool
		machine string
	}
	for host, want := range map[string]place{
		"unix:///var/run/docker.sock":    {true, ""},
		"npipe:////./pipe/docker_engine": {true, ""},
		"tcp://192.0.2.1:2376":           {false, "192.0.2.1"},
		"ssh://jane@example.org":         {false, "example.org"},
		"":                               {false, ""},
		"::":                             {false, ""},
	} {
		if local, machine := whereIs(host); (place{local, machine}) != want {
			t.Errorf("%s: %v, %q", host, local, machine)
		}
	}
}
