package runtime

import (
	"slices"
	"strings"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/i18n"
	"colabtray/internal/problem"
)

// deniedWarning returns the warning that the user of the container may not write to a
// folder. It is nil if that is not so.
func deniedWarning(c engine.Container, e engine.Info) *problem.Problem {
	if !c.Ours() || len(c.Effective.Denied) == 0 {
		return nil
	}
	folder, user := c.Effective.Denied[0], engine.OrdinaryUser(c.User, c.Env)
	uid, _, _ := strings.Cut(user, ":")
	grant := "u:" + uid + ":rwX,d:u:" + uid + ":rwX,d:u:$(id -u):rwX"
	return &problem.Problem{
		Code:    problem.FolderDenied,
		Short:   i18n.T("problem.folderDenied", "folder", i18n.Line(folder)),
		Hint:    i18n.T("problem.folderDeniedHint", "user", user),
		Command: e.CommandThere("setfacl -R -m " + grant + " " + config.ShellWord(folder)),
	}
}

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
		Hint:    i18n.T("problem.unmappedHint", "volume", p.Volume(), "restore", p.CommandLine("restore")),
		Command: p.CommandLine("delete", "--data"),
	}
}
