package runtime

import (
	"slices"
	"strings"

	"colabtray/internal/words"
)

// withoutWarning tells what the engine left out when it made the container, in
// its own words where it has some; nil when there is nothing to tell.
func withoutWarning(s Spec, c Container, e EngineInfo) *Problem {
	keys, said := s.without(c), strings.Join(c.Given.Said, " ")
	switch {
	case len(keys) > 0:
		hint := words.Say("problem.withoutHint", "engine", e.Name)
		if said != "" {
			hint += " " + words.Say("problem.engineSaid", "engine", e.Name, "words", words.FullStop(said))
		}
		if limits := slices.Contains(keys, "memory") || slices.Contains(keys, "cpus"); limits && e.Name == "Podman" {
			hint += " " + words.Say("problem.withoutLimitsPodman")
		}
		return &Problem{
			Code:    CodeWithout,
			Short:   words.Say("problem.without", "keys", strings.Join(keys, ", ")),
			Hint:    hint,
			Command: e.Command + " info",
		}
	case said != "":
		return &Problem{
			Code:  CodeEngineWarned,
			Short: words.Say("problem.engineWarned", "engine", e.Name),
			Hint:  words.Say("problem.engineSaid", "engine", e.Name, "words", words.FullStop(said)),
		}
	}
	return nil
}
