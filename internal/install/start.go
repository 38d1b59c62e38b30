package install

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strings"
)

// host is what the answers in this file depend on.
type host struct {
	os     string // GOOS
	exists func(path string) bool
	has    func(program string) bool // there is a program of that name
	getenv func(name string) string
	user   int
}

func thisHost() host {
	return host{
		os: runtime.GOOS, getenv: os.Getenv, user: os.Getuid(),
		exists: func(path string) bool { _, err := os.Stat(path); return err == nil },
		has:    func(program string) bool { _, err := exec.LookPath(program); return err == nil },
	}
}

// StartDesktop returns the command that starts Docker Desktop, nil where it is not
// installed.
func StartDesktop() []string { return thisHost().startDesktop() }

// InstallDesktop returns the command that installs Docker Desktop, nil where a person has
// to do it. It asks for what it needs, and so needs a terminal.
func InstallDesktop() []string { return thisHost().installDesktop() }

// StartPodman returns the command that lets the person's own Podman serve, nil where
// it is not installed. It needs no rights of root.
func StartPodman() []string { return thisHost().startPodman() }

// PodmanAddress returns the address at which that Podman serves; empty where it is not
// always the same.
func PodmanAddress() string { return thisHost().podmanAddress() }

func (h host) startDesktop() []string {
	switch h.os {
	case "windows":
		for _, program := range []string{
			filepath.Join(h.getenv("ProgramFiles"), "Docker", "Docker", "Docker Desktop.exe"),
			filepath.Join(h.getenv("LocalAppData"), "Programs", "DockerDesktop", "Docker Desktop.exe"), // installed for this person
		} {
			if filepath.IsAbs(program) && h.exists(program) {
				return []string{program}
			}
		}
	case "darwin":
		if h.exists("/Applications/Docker.app") {
			return []string{"open", "-a", "Docker"}
		}
	case "linux":
		if h.exists("/usr/lib/systemd/user/docker-desktop.service") {
			return []string{"systemctl", "--user", "start", "docker-desktop"}
		}
	}
	return nil
}

func (h host) installDesktop() []string {
	if h.os != "windows" || h.startDesktop() != nil || !h.has("winget") {
		return nil
	}
	return strings.Fields(installWithWinget)
}

func (h host) startPodman() []string {
	switch {
	case !h.has("podman"):
		return nil
	case h.os != "linux":
		return []string{"podman", "machine", "start"}
	case h.has("systemctl") && h.exists("/run/systemd/system"):
		return []string{"systemctl", "--user", "enable", "--now", "podman.socket"}
	default:
		return nil // nothing would keep it serving
	}
}

func (h host) podmanAddress() string {
	if h.os != "linux" {
		return ""
	}
	dir := cmp.Or(h.getenv("XDG_RUNTIME_DIR"), fmt.Sprintf("/run/user/%d", h.user))
	return "unix://" + path.Join(dir, "podman/podman.sock")
}
