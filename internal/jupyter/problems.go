package jupyter

import (
	"fmt"
	"strings"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/i18n"
	"colabtray/internal/problem"
)

// silenceProblem tells that Jupyter does not answer although its container runs.
func silenceProblem(c engine.Container, port int, err error) *problem.Problem {
	return &problem.Problem{
		Code:    problem.NoAnswer,
		Short:   i18n.T("problem.noAnswer"),
		Hint:    i18n.T("problem.noAnswerHint", "port", port),
		Command: "colab-tray logs --name " + config.ShellWord(c.Name),
		Err:     err,
	}
}

// servesProblem tells which part of the server's configuration keeps Colab from using
// it.
func servesProblem(c engine.Container, cli, what string, fields ...any) *problem.Problem {
	p := &problem.Problem{
		Code:  problem.Serves,
		Short: i18n.T("problem.serves."+what, fields...),
		Hint:  i18n.T("problem.serves."+what+"Hint") + " " + i18n.T("problem.serves.handmadeHint", "container", c.Name),
	}
	if p.Command = engine.RenameCommand(c, cli); c.Ours() {
		p.Hint, p.Command = i18n.T("problem.serves."+what+"Hint"), "colab-tray logs --name "+c.Name
	}
	return p
}

// overruledProblem tells which settings of Jupyter are overruled.
func overruledProblem(c engine.Container, names []string) *problem.Problem {
	return &problem.Problem{
		Code:    problem.Overruled,
		Short:   i18n.T("problem.overruled", "settings", strings.Join(names, ", ")),
		Hint:    i18n.T("problem.overruledHint"),
		Command: "colab-tray logs --name " + c.Name,
	}
}

// notInForceProblem tells that our settings are in the container, but its Jupyter did
// not load them.
func notInForceProblem(c engine.Container) *problem.Problem {
	return &problem.Problem{
		Code:    problem.NotInForce,
		Short:   i18n.T("problem.notInForce"),
		Hint:    i18n.T("problem.notInForceHint", "image", c.Image),
		Command: "colab-tray logs --name " + c.Name,
	}
}

// openProblem tells that the server needs no token.
func openProblem(c engine.Container, cli string) *problem.Problem {
	return servesProblem(c, cli, "open")
}

// elsewhereProblem tells that the engine publishes ports on another machine.
func elsewhereProblem(e engine.Info, port int, err error) *problem.Problem {
	p := &problem.Problem{
		Code:  problem.Elsewhere,
		Short: i18n.T("problem.elsewhere", "port", port),
		Hint:  i18n.T("problem.elsewhereSocketHint", "host", e.Host),
		Err:   err,
	}
	if e.Machine != "" {
		p.Hint = i18n.T("problem.elsewhereHint", "host", e.Host)
		p.Command = fmt.Sprintf("ssh -N -L %[1]d:127.0.0.1:%[1]d %s", port, e.Machine)
	}
	return p
}

// unpublishedProblem tells that the container publishes no port of Jupyter.
func unpublishedProblem(c engine.Container, cli string) *problem.Problem {
	return &problem.Problem{
		Code:    problem.NotPublished,
		Short:   i18n.T("problem.notPublished"),
		Hint:    i18n.T("problem.notPublishedHint", "container", c.Name),
		Command: engine.RenameCommand(c, cli),
	}
}

func noPageProblem(image string) *problem.Problem {
	return &problem.Problem{Code: problem.NoPage, Short: i18n.T("problem.noPage"), Hint: i18n.T("problem.noPageHint", "image", image)}
}
