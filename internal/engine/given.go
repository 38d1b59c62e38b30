package engine

import (
	"slices"
	"strings"

	"colabtray/internal/problem"
	"colabtray/internal/words"
)

// WithoutWarning tells what the engine left out when it made the container, in
// its own words where it has some; nil when there is nothing to tell.
func WithoutWarning(s Spec, c Container, e EngineInfo) *problem.Problem {
	keys, said := s.Without(c), strings.Join(c.Given.Said, " ")
	switch {
	case len(keys) > 0:
		hint := words.Say("problem.withoutHint", "engine", e.Name)
		if said != "" {
			hint += " " + words.Say("problem.engineSaid", "engine", e.Name, "words", words.FullStop(said))
		}
		if limits := slices.Contains(keys, "memory") || slices.Contains(keys, "cpus"); limits && e.Name == "Podman" {
			hint += " " + words.Say("problem.withoutLimitsPodman")
		}
		return &problem.Problem{
			Code:    problem.CodeWithout,
			Short:   words.Say("problem.without", "keys", strings.Join(keys, ", ")),
			Hint:    hint,
			Command: e.Command + " info",
		}
	case said != "":
		return &problem.Problem{
			Code:  problem.CodeEngineWarned,
			Short: words.Say("problem.engineWarned", "engine", e.Name),
			Hint:  words.Say("problem.engineSaid", "engine", e.Name, "words", words.FullStop(said)),
		}
	}
	return nil
}
