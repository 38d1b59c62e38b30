package docker

import (
	"cmp"
	"errors"
	"net/url"
	"strings"

	"colabtray/internal/config"
	"colabtray/internal/i18n"
	"colabtray/internal/problem"
	"colabtray/internal/tunnel"
)

// sshProblem is how a failure of ssh is told: by its texts, and by the command that
// helps, in which HOST is what ssh is given.
type sshProblem struct {
	code    problem.Code
	key     string // of the texts problem.KEY and problem.KEYHint
	hint    string // the key of another hint, if it is not that
	command string
}

// sshProblems has what to tell of each kind of failure.
var sshProblems = map[tunnel.Kind]sshProblem{
	tunnel.HostKeyUnknown:      {problem.SSHHostUnknown, "sshHostUnknown", "", "ssh HOST"},
	tunnel.HostKeyChanged:      {problem.SSHHostChanged, "sshHostChanged", "", ""},
	tunnel.PermissionDenied:    {problem.SSHLogin, "sshDenied", "", "ssh HOST"},
	tunnel.PromptWanted:        {problem.SSHLogin, "sshPrompt", "", "ssh-copy-id HOST"},
	tunnel.NameUnknown:         {problem.SSHUnreachable, "sshUnreachable", "sshNameUnknownHint", "ssh HOST"},
	tunnel.Refused:             {problem.SSHUnreachable, "sshUnreachable", "sshRefusedHint", "ssh HOST"},
	tunnel.NoRoute:             {problem.SSHUnreachable, "sshUnreachable", "sshNoRouteHint", "ssh HOST"},
	tunnel.TimedOut:            {problem.SSHUnreachable, "sshUnreachable", "sshTimedOutHint", "ssh HOST"},
	tunnel.ForwardingForbidden: {problem.SSHForwarding, "sshForwarding", "", "ssh HOST docker version"},
	tunnel.NoSSH:               {problem.NoSSH, "sshMissing", "", ""},
	tunnel.NoCommand:           {problem.NoEngineThere, "boxWithoutEngine", "", "ssh HOST docker version"},
	tunnel.SocketMissing:       {problem.NoEngineThere, "boxWithoutEngine", "", "ssh HOST docker version"},
	tunnel.SocketDenied:        {problem.DeniedThere, "boxDenied", "", "ssh -t HOST 'sudo usermod -aG docker $USER'"},
}

// boxProblem tells why the engine of a box cannot be reached.
func boxProblem(failure *tunnel.Error) *problem.Problem {
	told, known := sshProblems[failure.Kind]
	if !known {
		told = sshProblem{problem.SSHFailed, "sshFailed", "", "ssh HOST"}
	}
	box, typed := failure.Destination, failure.Destination.Host()
	_, machine := whereIs(box.String())
	command := strings.ReplaceAll(told.command, "HOST", typed)
	if failure.Kind == tunnel.HostKeyChanged {
		command = "ssh-keygen -R " + config.ShellWord(knownAs(box))
	}
	hint := i18n.T("problem."+cmp.Or(told.hint, told.key+"Hint"), "host", typed, "socket", cmp.Or(box.SocketPath(), usualSocket))
	if failure.Text != "" && (!known || failure.Kind == tunnel.PermissionDenied || failure.Kind == tunnel.PromptWanted) {
		hint = i18n.T("problem.sshSaid", "said", i18n.FullStop(i18n.Line(failure.Text))) + " " + hint
	}
	return &problem.Problem{
		Code: told.code, Short: i18n.T("problem."+told.key, "host", machine), Hint: hint, Command: command, Err: errors.New(failure.Error()),
	}
}

// knownAs returns the name of a box in the file of known hosts.
func knownAs(box tunnel.Destination) string {
	u, err := url.Parse(box.String())
	if err != nil || u.Port() == "" || u.Port() == "22" {
		_, machine := whereIs(box.String())
		return machine
	}
	return "[" + u.Hostname() + "]:" + u.Port()
}
