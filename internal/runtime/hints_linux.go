package runtime

import (
	"strings"

	"colabtray/internal/words"
)

const engineCommand = "sudo systemctl start docker"

func engineHint(host string) string { return words.Say("problem.noEngineLinuxHint", "host", host) }

// permissionProblem tells whose the socket is: root's Docker lets a group in;
// Podman and rootless Docker serve their owner alone.
func permissionProblem(host string, err error) *Problem {
	p := &Problem{Code: CodePermission, Short: words.Say("problem.permission"), Err: err}
	switch socket := strings.TrimPrefix(host, "unix://"); {
	case strings.Contains(socket, "podman"):
		p.Short = words.Say("problem.permissionPodman")
		p.Hint = words.Say("problem.permissionPodmanHint", "host", host)
		p.Command = "systemctl --user enable --now podman.socket"
	case socket != "/var/run/docker.sock" && socket != "/run/docker.sock":
		p.Hint = words.Say("problem.permissionSocketHint", "socket", socket)
		p.Command = "dockerd-rootless-setuptool.sh install"
	default:
		p.Hint = words.Say("problem.permissionGroupHint", "host", host)
		p.Command = "sudo usermod -aG docker $USER"
	}
	return p
}
