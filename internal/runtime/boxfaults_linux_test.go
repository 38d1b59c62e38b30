package runtime

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"colabtray/test/testenv"
)

// loginEnds is a fault of ssh: the connection ends under a request, which the engine gets.
const loginEnds testenv.Fault = "the connection of ssh ends"

func init() { faultyEngines["ssh"] = faultyBoxes }

// faultyBoxes reaches Docker by a box for each verb, where the proxy is the engine.
func faultyBoxes(t *testing.T) func(t *testing.T, verb string) faultySite {
	first := testenv.SSHD(t)
	dir, err := os.MkdirTemp("", "run") // the path of a socket has to be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	t.Setenv("XDG_RUNTIME_DIR", dir)
	t.Setenv("PATH", filepath.Dir(first.Program())+string(os.PathListSeparator)+os.Getenv("PATH"))
	boxes := map[string]*testenv.Box{}
	for _, verb := range faultyVerbs("", nil) {
		boxes[verb.name] = testenv.SSHDBeside(t, first)
	}
	return func(t *testing.T, verb string) faultySite {
		f, box := faulty(t, onDocker(t)), boxes[verb]
		f.address = box.Address() + strings.TrimPrefix(f.address, "unix://")
		f.faults = append(f.faults, loginEnds, loginSilent)
		f.engine.Strike = func(fault testenv.Fault) {
			switch fault {
			case loginEnds:
				box.Kill(t)
			case loginSilent:
				box.Silence(t)
			}
		}
		f.engine.Unstrike = func() { box.Continue(t) }
		f.sample = true
		return f
	}
}
