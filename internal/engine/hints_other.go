//go:build !linux

package engine

import (
	"colabtray/internal/problem"
	"colabtray/internal/words"
)

// restartCommand restarts an engine that hangs; Docker Desktop has a menu for it.
func restartCommand(string) string { return "" }

func permissionProblem(e EngineInfo, err error) *problem.Problem {
	return &problem.Problem{
		Code:  problem.CodePermission,
		Short: words.Say("problem.permission", "engine", e.Name),
		Hint:  words.Say("problem.permissionDesktopHint", "host", e.Host),
		Err:   err,
	}
}
