package runtime

import (
	"fmt"
	"strings"
)

const (
	engineHint    = "Start Docker, or install it if it is not there yet: https://docs.docker.com/engine/install/"
	engineCommand = "sudo systemctl start docker"
)

// permissionProblem tells whose the socket is: root's Docker lets a group in;
// Podman and rootless Docker serve their owner alone.
func permissionProblem(host string, err error) *Problem {
	p := &Problem{Code: CodePermission, Short: "You may not use Docker", Err: err}
	switch socket := strings.TrimPrefix(host, "unix://"); {
	case strings.Contains(socket, "podman"):
		p.Short = "You may not use this Podman"
		p.Hint = fmt.Sprintf("Podman at %s serves its owner alone. Everybody can have one of their own; set DOCKER_HOST to its socket, or unset it.", host)
		p.Command = "systemctl --user enable --now podman.socket"
	case socket != "/var/run/docker.sock" && socket != "/run/docker.sock":
		p.Hint = fmt.Sprintf("The socket %s belongs to somebody else. If that is a rootless Docker, set up one of your own:", socket)
		p.Command = "dockerd-rootless-setuptool.sh install"
	default:
		p.Hint = fmt.Sprintf("Docker at %s belongs to root and the group docker. Join the group, then log out and in again. Note that members of it can do everything on this machine.", host)
		p.Command = "sudo usermod -aG docker $USER"
	}
	return p
}
