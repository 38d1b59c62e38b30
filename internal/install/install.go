// Package install owns the advice for a person who has no container engine: the page
// to read and the commands to run on this system.
//
// It installs nothing itself.
package install

import (
	"bufio"
	"strings"

	"colabtray/internal/i18n"
)

// System is what the advice depends on.
type System struct {
	// OS is the operating system, as GOOS names it.
	OS string
	// ID and Like are ID and ID_LIKE of os-release(5) on Linux.
	ID   string
	Like []string
	// Name is PRETTY_NAME of os-release(5), for people.
	Name string
	// WSL tells whether this Linux runs in the Windows Subsystem for Linux.
	WSL bool
	// Found is, on Windows, what [FindWSL] has found.
	Found WSL
	// Systemd tells whether systemd manages this Linux.
	Systemd bool
}

// Way is one way to get an engine.
type Way struct {
	// Title is the name of what is installed, such as "Docker Engine".
	Title string
	// Commands are commands for a terminal, in this order; empty where there is
	// only a page.
	Commands []string
	// Page is the address of a page with instructions.
	Page string
	// Note is a sentence or two about what else to know; it can be empty.
	Note string
}

// Help is how to get an engine on one system.
type Help struct {
	// System is the name of the system, for people: "Ubuntu 24.04 LTS".
	System string
	// Ways are the ways to an engine, the best one first. There is at least one.
	Ways []Way
}

// Pages of Docker and others about how to install an engine.
const (
	pageEngine  = "https://docs.docker.com/engine/install/"
	pageMac     = "https://docs.docker.com/desktop/setup/install/mac-install/"
	pageWindows = "https://docs.docker.com/desktop/setup/install/windows-install/"
	pageWSL     = "https://docs.docker.com/desktop/features/wsl/"
	pageColima  = "https://github.com/abiosoft/colima"
	pageNixOS   = "https://wiki.nixos.org/wiki/Docker"
	pageAlpine  = "https://wiki.alpinelinux.org/wiki/Docker"
)

const installWithWinget = "winget install --exact --id Docker.DockerDesktop"

// joinGroup gives the person access to the engine.
const joinGroup = `sudo usermod -aG docker "$USER"`

// startSystemd starts the engine now and whenever the machine starts.
const startSystemd = "sudo systemctl enable --now docker"

// Docker returns how to get an engine on a system.
func Docker(s System) Help {
	switch s.OS {
	case "windows":
		return Help{"Windows", append(s.Found.ways(), windowsDesktop())}
	case "darwin":
		return Help{"macOS", []Way{
			{Title: "Docker Desktop", Commands: []string{"brew install --cask docker-desktop", "open -a Docker"}, Page: pageMac, Note: i18n.T("install.note.homebrew")},
			{Title: "Colima", Commands: []string{"brew install docker colima", "colima start"}, Page: pageColima, Note: i18n.T("install.note.colima")},
		}}
	case "linux":
		h := Help{System: s.Name, Ways: []Way{linux(s)}}
		if h.System == "" {
			h.System = "Linux"
		}
		if s.WSL {
			h.System = i18n.T("install.wsl", "system", h.System)
			desktop := windowsDesktop()
			desktop.Commands = nil
			desktop.Page = pageWSL
			desktop.Note = i18n.T("install.note.wsl")
			h.Ways = append([]Way{desktop}, h.Ways...)
		}
		return h
	default:
		return Help{i18n.T("install.thisSystem"), []Way{{Title: "Docker Engine", Page: pageEngine}}}
	}
}

func windowsDesktop() Way {
	return Way{
		Title:    "Docker Desktop",
		Commands: []string{installWithWinget},
		Page:     pageWindows,
		Note:     i18n.T("install.note.windows"),
	}
}

// linux returns the way with the packages of the distribution, or of the distribution
// that it is derived from.
func linux(s System) Way {
	for _, id := range append([]string{s.ID}, s.Like...) {
		w := Way{Title: i18n.T("install.engine"), Note: i18n.T("install.note.group")}
		enable := []string{startSystemd}
		switch id {
		case "debian", "ubuntu":
			w.Commands, w.Page = []string{"sudo apt-get update", "sudo apt-get install docker.io"}, pageEngine+id+"/"
			// Where systemd runs, Debian's packages start the engine themselves.
			enable = nil
			if !s.Systemd {
				enable = []string{"sudo service docker start"}
			}
		case "fedora":
			w.Commands, w.Page = []string{"sudo dnf install moby-engine"}, pageEngine+"fedora/"
		case "rhel", "centos":
			w.Title = i18n.T("install.podman")
			w.Commands = []string{"sudo dnf install podman", "systemctl --user enable --now podman.socket", "export DOCKER_HOST=unix://$XDG_RUNTIME_DIR/podman/podman.sock"}
			w.Page = pageEngine + "rhel/"
			w.Note = i18n.T("install.note.podman")
			return w
		case "arch":
			w.Commands, w.Page = []string{"sudo pacman -S docker"}, "https://wiki.archlinux.org/title/Docker"
		case "opensuse", "suse":
			w.Commands, w.Page = []string{"sudo zypper install docker"}, "https://en.opensuse.org/Docker"
		case "alpine":
			w.Commands, w.Page = []string{"doas apk add docker", "doas rc-update add docker", "doas service docker start", `doas addgroup "$USER" docker`}, pageAlpine
			return w
		case "nixos":
			w.Title = i18n.T("install.nixos")
			w.Commands, w.Page = []string{"sudo nixos-rebuild switch"}, pageNixOS
			w.Note = i18n.T("install.note.nixos")
			return w
		default:
			continue
		}
		w.Commands = append(append(w.Commands, enable...), joinGroup)
		return w
	}
	return Way{Title: "Docker Engine", Page: pageEngine, Note: i18n.T("install.note.other")}
}

// parse reads os-release(5).
func parse(text string) System {
	s := System{OS: "linux"}
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		name, value, _ := strings.Cut(strings.TrimSpace(lines.Text()), "=")
		value = strings.Trim(value, `"'`)
		switch name {
		case "ID":
			s.ID = family(value)
		case "ID_LIKE":
			for _, id := range strings.Fields(value) {
				s.Like = append(s.Like, family(id))
			}
		case "PRETTY_NAME":
			s.Name = value
		}
	}
	return s
}

// family returns the same id for all editions of a distribution, such as
// opensuse-tumbleweed and opensuse-leap.
func family(id string) string {
	if strings.HasPrefix(id, "opensuse") {
		return "opensuse"
	}
	return id
}
