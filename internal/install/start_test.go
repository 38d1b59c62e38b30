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
		{"windows", "podman", "", "podman machine start"},
		{"windows", "/ProgramFiles/Docker/Docker/Docker_Desktop.exe", "/ProgramFiles/Docker/Docker/Docker_Desktop.exe", ""},
		{"windows", "/LocalAppData/Programs/DockerDesktop/Docker_Desktop.exe", "/LocalAppData/Programs/DockerDesktop/Docker_Desktop.exe", ""},
		{"freebsd", "", "", ""},
	} {
		there := func(name string) bool {
			return slices.Contains(strings.Fields(c.there), strings.ReplaceAll(name, " ", "_"))
		}
		h := host{os: c.os, exists: there, has: there, getenv: func(name string) string { return "/" + name }}
		if got := strings.ReplaceAll(strings.Join(h.startDesktop(), " "), "Docker Desktop", "Docker_Desktop"); got != c.desktop {
			t.Errorf("%+v: Docker Desktop is started by %q", c, got)
		}
		if got := strings.Join(h.startPodman(), " "); got != c.podman {
			t.Errorf("%+v: Podman is started by %q", c, got)
		}
	}
}

func TestPodmanAddress(t *testing.T) {
	for _, c := range []struct{ os, runtimeDir, want string }{
		{"linux", "", "unix:///run/user/7/podman/podman.sock"},
		{"linux", "/run/mine", "unix:///run/mine/podman/podman.sock"},
		{"darwin", "", ""},
		{"windows", "", ""},
	} {
		h := host{os: c.os, user: 7, getenv: func(string) string { return c.runtimeDir }}
		if got := h.podmanAddress(); got != c.want {
			t.Errorf("%+v: Podman is at %q", c, got)
		}
	}
}

// TestInstalls installs Docker Desktop where that can be done and is not done.
func TestInstalls(t *testing.T) {
	for _, c := range []struct {
		os           string
		winget, have bool
		want         string
	}{
		{"windows", true, false, "winget install --exact --id Docker.DockerDesktop"},
		{"windows", true, true, ""},
		{"windows", false, false, ""},
		{"linux", true, false, ""},
	} {
		h := host{
			os: c.os, exists: func(string) bool { return c.have }, has: func(name string) bool { return c.winget && name == "winget" },
			getenv: func(name string) string { return "/" + name },
		}
		if got := strings.Join(h.installDesktop(), " "); got != c.want {
			t.Errorf("%+v: it is installed by %q", c, got)
		}
	}
}
