//go:build !linux

package engine

import (
	"colabtray/internal/i18n"
	"colabtray/internal/problem"
)

// restartCommand returns no command: Docker Desktop has a menu entry to restart its
// engine.
func restartCommand(string) string { return "" }

func permissionProblem(e Info, err error) *problem.Problem {
	return &problem.Problem{
		Code:  problem.Permission,
		Short: i18n.T("problem.permission", "engine", e.Name),
		Hint:  i18n.T("problem.permissionDesktopHint", "host", e.Host),
		Err:   err,
	}
}
