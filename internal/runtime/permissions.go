package runtime

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/i18n"
	"colabtray/internal/problem"
)

// denied matches Python's error when it may not write to a file.
var denied = regexp.MustCompile(`(?i)permission denied: '(/[^']+)'`)

// plainImage matches references of images that need no quotes in a shell.
var plainImage = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._/:@-]*$`)

// deniedProblem returns the problem that Jupyter ended because it may not write to a
// file of another user. It returns nil if Jupyter ended for another reason.
func deniedProblem(c engine.Container, output []string, cli string) *problem.Problem {
	path := ""
	for _, line := range output {
		if found := denied.FindStringSubmatch(line); found != nil {
			path = found[1]
		}
	}
	home, user := config.KindJupyter.DataDir(), engine.OrdinaryUser(c.User, c.Env)
	isIn := func(dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") }
	if path == "" || !c.Ours() || user == "" {
		return nil
	}
	p := &problem.Problem{Code: problem.NotOwned, Short: i18n.T("problem.denied", "path", path)}
	if i := slices.IndexFunc(c.Effective.Folders, func(f config.Folder) bool { return isIn(f.Path) }); i >= 0 {
		p.Hint = i18n.T("problem.deniedFolder", "folder", c.Effective.Folders[i].Host, "user", user)
		return p
	}
	if !isIn(home) {
		return nil
	}
	p.Hint = i18n.T("problem.deniedHint", "user", user)
	if plainImage.MatchString(c.Image) && cli != "" {
		mapping := ""
		if uid, gid, _ := strings.Cut(user, ":"); c.Effective.Mapped {
			mapping = fmt.Sprintf(" --userns keep-id:uid=%s,gid=%s", uid, gid)
		}
		p.Command = fmt.Sprintf("%s run --rm --user 0:0%s --entrypoint chown --volume %s-data:%s %s -R %s %s", cli, mapping, c.Name, home, c.Image, user, home)
	}
	return p
}
