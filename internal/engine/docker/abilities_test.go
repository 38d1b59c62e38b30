package docker

import (
	"testing"

	"colabtray/internal/engine"
)

// plain is an engine without abilities; before stands before another one.
type (
	plain  struct{ engine.Engine }
	before struct{ engine.Engine }
)

func (b before) Unwrap() engine.Engine { return b.Engine }

// TestAbilities: who stands before an engine neither hides nor fakes what the
// engine can do.
func TestAbilities(t *testing.T) {
	docker, err := New("unix:///nowhere/docker.sock")
	if err != nil {
		t.Fatal(err)
	}
	defer docker.Close()
	all := engine.Features{Replace: true, Update: true, Data: true, Stats: true, IdleStop: true, Shell: true, Packages: true}
	if got := engine.FeaturesOf(before{before{docker}}); got != all {
		t.Errorf("Docker behind others: %+v", got)
	}
	if got := engine.FeaturesOf(before{plain{docker}}); got != (engine.Features{}) {
		t.Errorf("a plain engine: %+v", got)
	}
	if _, err := engine.Need[engine.Meter](plain{docker}); err != engine.ErrLacks {
		t.Errorf("what a plain engine lacks: %v", err)
	}
}
