package engine

import "testing"

// TestUnsetCommand says it as each system does.
func TestUnsetCommand(t *testing.T) {
	for system, want := range map[string]string{
		"windows": `setx DOCKER_HOST ""`, "linux": "unset DOCKER_HOST", "darwin": "unset DOCKER_HOST",
	} {
		if got := unsetCommand(system, "DOCKER_HOST"); got != want {
			t.Errorf("on %s it is %q, want %q", system, got, want)
		}
	}
}
