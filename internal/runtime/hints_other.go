//go:build !linux

package runtime

import "fmt"

func permissionProblem(host string, err error) *Problem {
	return &Problem{
		Code:  CodePermission,
		Short: "You may not use Docker",
		Hint:  fmt.Sprintf("Docker at %s does not let you in. Start Docker Desktop as the user you are now.", host),
		Err:   err,
	}
}
