package runtime

import (
	"context"
	"errors"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/i18n"
	"colabtray/internal/problem"
)

// Shell runs a command in the runtime's container, in the directory whose files Jupyter
// shows, and returns its exit code. Without Args, the command is a shell. The error is a
// *[problem.Problem], or ctx's error if ctx ends first.
func (m *Manager) Shell(ctx context.Context, cmd engine.Command) (exitCode int, err error) {
	e := m.engine()
	exitCode, err = m.attach(ctx, e, cmd)
	var known *problem.Problem
	switch {
	case err == nil, errors.As(err, &known):
		return exitCode, err
	case ctx.Err() != nil:
		return 0, ctx.Err()
	}
	return 0, engine.OperationProblem(m.Profile(), m.link.Info(), err)
}

func (m *Manager) attach(ctx context.Context, e engine.Engine, cmd engine.Command) (exitCode int, err error) {
	attacher, err := engine.Need[engine.Attacher](e)
	if err != nil {
		return 0, err
	}
	c, err := e.Inspect(ctx, m.runtime)
	if err != nil {
		return 0, err
	}
	if !c.Running || c.Paused {
		return 0, notRunningProblem(m.Profile(), c)
	}
	if len(cmd.Args) == 0 {
		cmd.Args = []string{"sh", "-c", "if command -v bash >/dev/null; then exec bash; fi; exec sh"}
	}
	cmd.Dir = m.workDir(ctx, c)
	return attacher.Attach(ctx, c.ID, cmd)
}

// workDir returns the directory of a running container in which a person works; empty
// for the container's own.
func (m *Manager) workDir(ctx context.Context, c engine.Container) string {
	if kind := m.Profile().Kind; kind == config.KindColab {
		return kind.DataDir() // the server's root is /
	}
	return m.data(nil).RootOf(ctx, c)
}

func notRunningProblem(p config.Profile, c engine.Container) *problem.Problem {
	if c.Paused {
		return pausedProblem(p)
	}
	return &problem.Problem{
		Code: problem.NotReady, Short: i18n.T("problem.notRunning"), Command: p.CommandLine("start"),
	}
}
