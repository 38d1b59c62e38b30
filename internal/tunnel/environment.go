package tunnel

import (
	"os"
	"slices"
	"strings"
)

// environment is that of ssh. Its messages are English, and it asks nobody unless
// there is a program to ask with.
func environment(askpass string) []string {
	env := slices.DeleteFunc(os.Environ(), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return name == "LC_ALL" || strings.HasPrefix(name, "SSH_ASKPASS")
	})
	env = append(env, "LC_ALL=C")
	if askpass == "" {
		// The ssh of a jump host would ask.
		return append(env, "SSH_ASKPASS_REQUIRE=never")
	}
	return append(env, "SSH_ASKPASS="+askpass, "SSH_ASKPASS_REQUIRE=force")
}
