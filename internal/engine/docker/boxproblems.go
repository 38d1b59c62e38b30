package docker

import (
	"cmp"
	"errors"
	"net/url"

	"colabtray/internal/config"
	"colabtray/internal/i18n"
	"colabtray/internal/problem"
	"colabtray/internal/tunnel"
)

// boxProblem tells why the engine of a box cannot be reached, by what ssh could not do,
// and gives the command that helps.
func boxProblem(failure *tunnel.Error) *problem.Problem {
	box := failure.Destination
	_, machine := whereIs(box.String())
	host, socket := box.Host(), cmp.Or(box.SocketPath(), usualSocket)
	p := &problem.Problem{Code: problem.SSHUnreachable, Short: i18n.T("problem.sshUnreachable", "host", machine), Command: "ssh " + host, Err: errors.New(failure.Error())}
	tell := func(code problem.Code, short, hint string) { p.Code, p.Short, p.Hint = code, short, hint }
	said := ""
	if failure.Text != "" {
		said = i18n.T("problem.sshSaid", "said", i18n.FullStop(i18n.Line(failure.Text))) + " "
	}
	switch failure.Kind {
	case tunnel.HostKeyUnknown:
		tell(problem.SSHHostUnknown, i18n.T("problem.sshHostUnknown", "host", machine), i18n.T("problem.sshHostUnknownHint"))
	case tunnel.HostKeyChanged:
		tell(problem.SSHHostChanged, i18n.T("problem.sshHostChanged", "host", machine), i18n.T("problem.sshHostChangedHint", "host", host))
		p.Command = "ssh-keygen -R " + config.ShellWord(knownAs(box))
	case tunnel.PermissionDenied:
		tell(problem.SSHLogin, i18n.T("problem.sshDenied", "host", machine), said+i18n.T("problem.sshDeniedHint", "host", host))
	case tunnel.PromptWanted:
		tell(problem.SSHLogin, i18n.T("problem.sshPrompt", "host", machine), said+i18n.T("problem.sshPromptHint"))
		p.Command = "ssh-copy-id " + host
	case tunnel.NameUnknown:
		p.Hint = i18n.T("problem.sshNameUnknownHint")
	case tunnel.Refused:
		p.Hint = i18n.T("problem.sshRefusedHint")
	case tunnel.NoRoute:
		p.Hint = i18n.T("problem.sshNoRouteHint")
	case tunnel.TimedOut:
		p.Hint = i18n.T("problem.sshTimedOutHint")
	case tunnel.ForwardingForbidden:
		tell(problem.SSHForwarding, i18n.T("problem.sshForwarding", "host", machine), i18n.T("problem.sshForwardingHint"))
		p.Command += " docker version"
	case tunnel.NoSSH:
		tell(problem.NoSSH, i18n.T("problem.sshMissing"), i18n.T("problem.sshMissingHint", "host", machine))
		p.Command = ""
	case tunnel.NoCommand, tunnel.SocketMissing:
		tell(problem.NoEngineThere, i18n.T("problem.boxWithoutEngine", "host", machine), i18n.T("problem.boxWithoutEngineHint", "socket", socket))
		p.Command += " docker version"
	case tunnel.SocketDenied:
		tell(problem.DeniedThere, i18n.T("problem.boxDenied", "host", machine), i18n.T("problem.boxDeniedHint", "socket", socket))
		p.Command = "ssh -t " + host + " 'sudo usermod -aG docker $USER'"
	default:
		tell(problem.SSHFailed, i18n.T("problem.sshFailed", "host", machine), said+i18n.T("problem.sshFailedHint"))
	}
	return p
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
