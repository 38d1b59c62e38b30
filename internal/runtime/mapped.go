package runtime

import (
	"slices"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/problem"
	"colabtray/internal/words"
)

// unmappedWarning tells of folders that cannot be written, for the volume was
// made before users could be mapped for them.
func unmappedWarning(p config.Profile, c engine.Container, e engine.EngineInfo) *problem.Problem {
	writable := slices.ContainsFunc(c.Given.Folders, func(f config.Folder) bool { return !f.ReadOnly })
	if !e.MapsUsers || !c.Ours() || !writable || c.Given.Mapped || engine.OrdinaryUser(c.User, c.Env) == "" {
		return nil
	}
	return &problem.Problem{
		Code:    problem.CodeFoldersUnmapped,
		Short:   words.Say("problem.unmapped"),
		Hint:    words.Say("problem.unmappedHint", "volume", p.Volume()),
		Command: p.CommandLine("delete", "--data") + " && " + p.CommandLine("restore"),
	}
}
