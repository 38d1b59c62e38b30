package engine

import (
	"slices"
	"strings"

	"colabtray/internal/i18n"
	"colabtray/internal/problem"
)

// WithoutWarning tells what the engine left out when it made the container, in
// its own words where it has some; nil when there is nothing to tell.
func WithoutWarning(s Spec, c Container, e Info) *problem.Problem {
	keys, message := s.Without(c), strings.Join(c.Effective.CreateWarnings, " ")
	switch {
	case len(keys) > 0:
		hint := i18n.T("problem.withoutHint", "engine", e.Name)
		if message != "" {
			hint += " " + i18n.T("problem.engineSaid", "engine", e.Name, "words", i18n.FullStop(message))
		}
		if limits := slices.Contains(keys, "memory") || slices.Contains(keys, "cpus"); limits && e.Name == "Podman" {
			hint += " " + i18n.T("problem.withoutLimitsPodman")
		}
		return &problem.Problem{
			Code:    problem.Without,
			Short:   i18n.T("problem.without", "keys", strings.Join(keys, ", ")),
			Hint:    hint,
			Command: e.Command + " info",
		}
	case message != "":
		return &problem.Problem{
			Code:  problem.EngineWarned,
			Short: i18n.T("problem.engineWarned", "engine", e.Name),
			Hint:  i18n.T("problem.engineSaid", "engine", e.Name, "words", i18n.FullStop(message)),
		}
	}
	return nil
}
