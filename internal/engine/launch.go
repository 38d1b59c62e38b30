package engine

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// Launch sets the entrypoint and the command so that the container starts Jupyter
// through our script. When the image's ENTRYPOINT only starts what it is given, as tini
// does, it stays in front. When the ENTRYPOINT itself starts Jupyter, the script is put
// in front of that part. The script then starts that part, or the profile's command in
// its place.
func (s *Spec) Launch(entrypoint, cmd, script, command []string) {
	index := serverIndex(entrypoint)
	if index < 0 {
		return
	}
	s.Entrypoint = slices.Concat(entrypoint[:index], script)
	if s.Cmd = command; len(command) == 0 {
		s.Cmd = slices.Concat(entrypoint[index:], cmd)
	}
}

var (
	// serverName matches the name of a program that starts Jupyter.
	serverName = regexp.MustCompile(`^(jupyter|notebook$|start-(notebook|lab|singleuser))`)
	// shellName matches the name of a shell. Given a script by -c, a shell ignores the
	// arguments that follow.
	shellName = regexp.MustCompile(`^(sh|bash|dash|ash|zsh)$`)
)

// serverIndex returns the index in an entrypoint of the command that starts Jupyter, or
// -1.
func serverIndex(entrypoint []string) int {
	for i, word := range entrypoint {
		name := path.Base(word)
		switch {
		case shellName.MatchString(name) && i+1 < len(entrypoint) && strings.HasPrefix(entrypoint[i+1], "-") && strings.Contains(entrypoint[i+1], "c"):
			return i
		case !serverName.MatchString(name):
		case i > 1 && entrypoint[i-1] == "-m": // an option of python
			return i - 2
		default:
			return i
		}
	}
	return -1
}

// starters are programs that only start what they are given.
var starters = []string{"sh", "tini", "tini-static", "dumb-init", "docker-init", "catatonit", "start.sh", "env"}

// OwnEntrypoint returns the image's own entrypoint of a container when it may not start
// our script. It returns "" when the entrypoint is known to start the script, or there
// is none.
func OwnEntrypoint(c Container) string {
	script := slices.IndexFunc(c.Cmd, func(word string) bool { return strings.HasPrefix(word, "/opt/colab-tray/") })
	if script < 2 || !c.Ours() || slices.Contains(starters, path.Base(c.Cmd[0])) {
		return ""
	}
	return strings.Join(c.Cmd[:script-1], " ") // without the shell that runs the script
}
