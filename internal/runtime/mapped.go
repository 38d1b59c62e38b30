package runtime

import (
	"slices"

	"colabtray/internal/config"
	"colabtray/internal/words"
)

// unmappedWarning tells of folders that cannot be written, for the volume was
// made before users could be mapped for them.
func unmappedWarning(p config.Profile, c Container, e EngineInfo) *Problem {
	writable := slices.ContainsFunc(c.Given.Folders, func(f config.Folder) bool { return !f.ReadOnly })
	if !e.MapsUsers || !c.ours() || !writable || c.Given.Mapped || ordinaryUser(c.User, c.Env) == "" {
		return nil
	}
	return &Problem{
		Code:    CodeFoldersUnmapped,
		Short:   words.Say("problem.unmapped"),
		Hint:    words.Say("problem.unmappedHint", "volume", p.Volume()),
		Command: p.CommandLine("delete", "--data") + " && " + p.CommandLine("restore"),
	}
}
