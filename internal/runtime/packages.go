package runtime

import (
	"context"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/i18n"
	"colabtray/internal/packages"
	"colabtray/internal/problem"
)

// Packages lists the Python packages that the container has and its image has not. It
// returns a *[problem.Problem] if there is no container or no engine.
func (m *Manager) Packages(ctx context.Context) (packages.List, error) {
	p := m.Profile()
	c, err := m.engine().Inspect(ctx, m.runtime)
	if err != nil {
		return packages.List{}, engine.OperationProblem(p, m.link.Info(), err)
	}
	if !c.Exists {
		return packages.List{}, engine.NoContainerProblem(p, i18n.T("packages.noContainerHint"))
	}
	list, err := packages.Find(ctx, m.engine(), c, p.Volume())
	if err != nil {
		return packages.List{}, engine.OperationProblem(p, m.link.Info(), err)
	}
	list.CanKeep = c.Ours() && p.Kind == config.KindJupyter
	return list, nil
}

// Requirements returns what the setting "packages" needs so that a new container has
// the packages of those names; without names, all that are worth keeping. It returns a
// *[problem.Problem] if one cannot be kept.
func Requirements(list packages.List, names []string) ([]string, error) {
	if !list.CanKeep {
		return nil, cannotKeep(i18n.T("packages.cannotKeep"), i18n.T("packages.cannotKeepHint"))
	}
	if len(names) == 0 {
		return list.ToKeep(), nil
	}
	var all []string
	for _, name := range names {
		found, is := list.Lost(name)
		switch {
		case !is:
			return nil, cannotKeep(i18n.T("packages.unknown", "name", i18n.Line(name)), i18n.T("packages.unknownHint"))
		case found.Requirement == "":
			return nil, cannotKeep(i18n.T("packages.notFromIndex", "name", found.Name), i18n.T("packages.notFromIndexHint"))
		case !found.Kept:
			all = append(all, found.Requirement)
		}
	}
	return all, nil
}

func cannotKeep(short, hint string) *problem.Problem {
	return &problem.Problem{Code: problem.NotOffered, Short: short, Hint: hint}
}
