package runtime

import "testing"

// plain is an engine without abilities; before stands before another one.
type (
	plain  struct{ Engine }
	before struct{ Engine }
)

func (b before) Unwrap() Engine { return b.Engine }

// TestAbilities: who stands before an engine neither hides nor fakes what the
// engine can do.
func TestAbilities(t *testing.T) {
	docker, err := NewDocker("unix:///nowhere/docker.sock")
	if err != nil {
		t.Fatal(err)
	}
	defer docker.Close()
	all := Features{Replace: true, Update: true, Data: true, Stats: true, IdleStop: true}
	if got := FeaturesOf(before{before{docker}}); got != all {
		t.Errorf("Docker behind others: %+v", got)
	}
	if got := FeaturesOf(before{plain{docker}}); got != (Features{}) {
		t.Errorf("a plain engine: %+v", got)
	}
	if _, err := Need[Meter](plain{docker}); err != ErrLacks {
		t.Errorf("what a plain engine lacks: %v", err)
	}
}
