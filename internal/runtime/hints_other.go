//go:build !linux

package runtime

import "colabtray/internal/words"

func permissionProblem(host string, err error) *Problem {
	return &Problem{
		Code:  CodePermission,
		Short: words.Say("problem.permission"),
		Hint:  words.Say("problem.permissionDesktopHint", "host", host),
		Err:   err,
	}
}
