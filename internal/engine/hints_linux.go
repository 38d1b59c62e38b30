package engine

import (
	"cmp"
	"os/exec"
	"strings"

	"colabtray/internal/i18n"
	"colabtray/internal/problem"
)

const installGuide = "https://docs.docker.com/engine/install/"

// service is the systemd unit that serves at a socket.
type service struct {
	systemctl     string // the command, for units of the system or of the user
	start, engine string // the unit to start, and the unit to restart
}

// serviceAt returns the service at a usual socket, and the zero value for any other.
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

// startCommand returns the command that starts the engine at a socket; empty when the
// socket is not a usual one.
func startCommand(socket string) string {
	s := serviceAt(socket)
	if s.systemctl == "" {
		return ""
	}
	return s.systemctl + " start " + s.start
}

// restartCommand returns the command that restarts a hanging engine at a socket; empty
// when the socket is not a usual one.
func restartCommand(socket string) string {
	s := serviceAt(socket)
	if s.systemctl == "" {
		return ""
	}
	return s.systemctl + " restart " + s.engine
}

// permissionProblem tells how to get access to the engine's socket. The system's Docker
// lets in members of a group; Podman and rootless Docker let in only their owner.
// Membership in Docker's group amounts to root's rights, so where Podman is installed
// the problem offers Podman instead.
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
