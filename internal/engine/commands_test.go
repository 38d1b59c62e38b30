package engine

import (
	"os"
	"path/filepath"
	"testing"
)

// TestHidesOthers: only the docker command's default does, and only while it has a socket.
func TestHidesOthers(t *testing.T) {
	left := filepath.Join(t.TempDir(), "docker.sock")
	if err := os.WriteFile(left, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		found, host string
		want        bool
	}{
		{FoundByDefault, "unix://" + left, true},
		{FoundByDefault, "unix://" + left + ".gone", false},
		{FoundByDefault, "tcp://localhost:2375", false},
		{FoundInSetting, "unix://" + left, false},
		{"socket of rootless Docker", "unix://" + left, false},
	} {
		if got := (Info{Found: c.found, Host: c.host}).HidesOthers(); got != c.want {
			t.Errorf("%+v: %t", c, got)
		}
	}
}

// TestUnsetCommand says it as each system does.
func TestUnsetCommand(t *testing.T) {
	for system, want := range map[string]string{
		"windows": `setx DOCKER_HOST ""`, "linux": "unset DOCKER_HOST", "darwin": "unset DOCKER_HOST",
	} {
		if got := unsetCommand(system, "DOCKER_HOST"); got != want {
			t.Errorf("on %s it is %q, want %q", system, got, want)
		}
	}
}

// TestCommandsThere has commands for a machine that is reached by ssh, and no others.
func TestCommandsThere(t *testing.T) {
	for _, c := range []struct {
		info  Info
		there string
	}{
		{Info{Host: "unix:///var/run/docker.sock", Local: true}, "nvidia-smi -L"},
		{Info{Host: "tcp://gpubox:2376", Machine: "gpubox"}, "nvidia-smi -L"},
		{Info{Host: "ssh://gpubox", Machine: "gpubox"}, "ssh -t gpubox 'nvidia-smi -L'"},
		{Info{Host: "ssh://me@gpubox:2222/run/x.sock", Machine: "gpubox"}, "ssh -t -p 2222 me@gpubox 'nvidia-smi -L'"},
	} {
		if got := c.info.CommandThere("nvidia-smi -L"); got != c.there {
			t.Errorf("%s: %q, want %q", c.info.Host, got, c.there)
		}
	}
}
