package engine

import (
	"cmp"
	"os/exec"
	"strings"

	"colabtray/internal/i18n"
	"colabtray/internal/problem"
)

const installGuide = "https://docs.docker.com/engine/install/"

// service is who serves at a socket, in systemd's words.
type service struct {
	systemctl     string // the command, for the system's or the person's own units
	start, engine string // the unit that starts it, and what a restart is for
}

// serviceAt returns the service at a usual socket; nothing for others.
func serviceAt(socket string) service {
	own := strings.HasPrefix(socket, "/run/user/")
	switch {
	case socket == "/var/run/docker.sock", socket == "/run/docker.sock":
		return service{"sudo systemctl", "docker", "docker"}
	case own && strings.HasSuffix(socket, "/docker.sock"):
		return service{"systemctl --user", "docker", "docker"}
	case own && strings.HasSuffix(socket, "/podman/podman.sock"):
		return service{"systemctl --user", "podman.socket", "podman.service"}
	case strings.HasSuffix(socket, "/.docker/desktop/docker.sock"):
		return service{"systemctl --user", "docker-desktop", "docker-desktop"}
	case socket == RootPodman:
		return service{"sudo systemctl", "podman.socket", "podman.service"}
	}
	return service{}
}

// startCommand starts the engine at a socket; empty where that is not known.
func startCommand(socket string) string {
	s := serviceAt(socket)
	if s.systemctl == "" {
		return ""
	}
	return s.systemctl + " start " + s.start
}

// restartCommand is the same for an engine that hangs.
func restartCommand(socket string) string {
	s := serviceAt(socket)
	if s.systemctl == "" {
		return ""
	}
	return s.systemctl + " restart " + s.engine
}

// permissionProblem tells whose the socket is: root's Docker lets a group in;
// Podman and rootless Docker serve their owner alone. Whoever has Podman needs no
// rights like root's.
func permissionProblem(e Info, err error) *problem.Problem {
	const ownPodman = "systemctl --user enable --now podman.socket"
	p := &problem.Problem{Code: problem.Permission, Short: i18n.T("problem.permission", "engine", e.Name), Err: err}
	_, podman := exec.LookPath("podman")
	switch socket := cmp.Or(e.Socket(), e.Host); {
	case strings.Contains(socket, "podman"):
		p.Short = i18n.T("problem.permissionPodman")
		p.Hint = i18n.T("problem.permissionPodmanHint", "host", e.Host)
		p.Command = ownPodman
	case socket != "/var/run/docker.sock" && socket != "/run/docker.sock":
		p.Hint = i18n.T("problem.permissionSocketHint", "socket", socket)
		p.Command = "dockerd-rootless-setuptool.sh install"
	case podman == nil && !e.ChosenByUser():
		p.Hint = i18n.T("problem.permissionOwnHint", "host", e.Host)
		p.Command = ownPodman
	default:
		p.Hint = i18n.T("problem.permissionGroupHint", "host", e.Host)
		p.Command = "sudo usermod -aG docker $USER"
	}
	return p
}
