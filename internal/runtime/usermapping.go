package runtime

import (
	"slices"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/i18n"
	"colabtray/internal/problem"
)

// unmappedWarning returns the warning that the container cannot write to its folders,
// because the volume was created before this program mapped users. It is nil if
// that is not so.
func unmappedWarning(p config.Profile, c engine.Container, e engine.Info) *problem.Problem {
	writable := slices.ContainsFunc(c.Effective.Folders, func(f config.Folder) bool { return !f.ReadOnly })
	if !e.MapsUsers || !c.Ours() || !writable || c.Effective.Mapped || engine.OrdinaryUser(c.User, c.Env) == "" {
		return nil
	}
	return &problem.Problem{
		Code:    problem.FoldersUnmapped,
		Short:   i18n.T("problem.unmapped"),
		Hint:    i18n.T("problem.unmappedHint", "volume", p.Volume()),
		Command: p.CommandLine("delete", "--data") + " && " + p.CommandLine("restore"),
	}
}
