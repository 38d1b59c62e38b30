package runtime

import "fmt"

const (
	engineHint    = "Start Docker, or install it if it is not there yet: https://docs.docker.com/engine/install/"
	engineCommand = "sudo systemctl start docker"
)

func permissionProblem(host string, err error) *Problem {
	return &Problem{
		Code:    CodePermission,
		Short:   "You may not use Docker",
		Hint:    fmt.Sprintf("Docker at %s belongs to root and the group docker. Join the group, then log out and in again. Note that members of it can do everything on this machine.", host),
		Command: "sudo usermod -aG docker $USER",
		Err:     err,
	}
}
