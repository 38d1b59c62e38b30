package install

import (
	"slices"
	"strings"
	"testing"
)

func TestStarts(t *testing.T) {
	for _, c := range []struct {
		os, there       string // what there is, separated by blanks
		desktop, podman string
	}{
		{"linux", "", "", ""},
		{"linux", "/usr/lib/systemd/user/docker-desktop.service", "systemctl --user start docker-desktop", ""},
		{"linux", "podman systemctl /run/systemd/system", "", "systemctl --user enable --now podman.socket"},
		{"linux", "podman", "", ""},
		{"darwin", "/Applications/Docker.app podman", "open -a Docker", "podman machine start"},
		{"freebsd", "", "", ""},
	} {
		there := func(name string) bool { return slices.Contains(strings.Fields(c.there), name) }
		h := host{os: c.os, exists: there, has: there, getenv: func(string) string { return "" }}
		if got := strings.Join(h.startDesktop(), " "); got != c.desktop {
			t.Errorf("%+v: Docker Desktop is started by %q", c, got)
		}
		if got := strings.Join(h.startPodman(), " "); got != c.podman {
			t.Errorf("%+v: Podman is started by %q", c, got)
		}
	}
}
