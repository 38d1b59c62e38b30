package engine

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// Launch has the container start Jupyter by our script. What the image has as its
// ENTRYPOINT stays before it, as tini and the like start what they are given. Where
// the entrypoint itself starts Jupyter, the script comes before that part, which it
// starts in turn, or the profile's command in its place.
func (s *Spec) Launch(entrypoint, cmd, script, command []string) {
	at := serverIn(entrypoint)
	if at < 0 {
		return
	}
	s.Entrypoint = slices.Concat(entrypoint[:at], script)
	if s.Cmd = command; len(command) == 0 {
		s.Cmd = slices.Concat(entrypoint[at:], cmd)
	}
}

var (
	// serverName finds what starts Jupyter.
	serverName = regexp.MustCompile(`^(jupyter|notebook$|start-(notebook|lab|singleuser))`)
	// shellName finds a shell: given a script by -c it leaves arguments aside.
	shellName = regexp.MustCompile(`^(sh|bash|dash|ash|zsh)$`)
)

// serverIn returns where in an entrypoint the command begins that starts Jupyter,
// negative when it has none.
func serverIn(entrypoint []string) int {
	for i, word := range entrypoint {
		name := path.Base(word)
		switch {
		case shellName.MatchString(name) && i+1 < len(entrypoint) && strings.HasPrefix(entrypoint[i+1], "-") && strings.Contains(entrypoint[i+1], "c"):
			return i
		case !serverName.MatchString(name):
		case i > 1 && entrypoint[i-1] == "-m": // of Python's
			return i - 2
		default:
			return i
		}
	}
	return -1
}

// starters are programs that start what they are given.
var starters = []string{"sh", "tini", "tini-static", "dumb-init", "docker-init", "catatonit", "start.sh", "env"}

// OwnEntrypoint returns the entrypoint of a container that may not start our
// script, empty where it is known to, or there is none.
func OwnEntrypoint(c Container) string {
	script := slices.IndexFunc(c.Cmd, func(word string) bool { return strings.HasPrefix(word, "/opt/colab-tray/") })
	if script < 2 || !c.Ours() || slices.Contains(starters, path.Base(c.Cmd[0])) {
		return ""
	}
	return strings.Join(c.Cmd[:script-1], " ") // which the shell follows
}
