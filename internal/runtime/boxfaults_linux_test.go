package runtime

import (
	"strings"
	"testing"

	"colabtray/test/testenv"
)

// loginEnds is a fault of ssh: the connection ends under a request, which the engine gets.
const loginEnds testenv.Fault = "the connection of ssh ends"

// loginSilent is a fault of ssh: the connection stays, and nothing more comes through.
const loginSilent testenv.Fault = "the connection of ssh falls silent"

func init() { faultyEngines["ssh"] = faultyBoxes }

// faultyBoxes reaches Docker by a box, where the proxy is the engine.
func faultyBoxes(t *testing.T) faultySite {
	f, box := faulty(t, onDocker(t)), testenv.SSHD(t)
	knowComputer(t, box.Name, box.Program())
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
