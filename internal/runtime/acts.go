package runtime

import (
	"slices"

	"colabtray/internal/engine"
	"colabtray/internal/problem"
)

// Acts returns what the program can do at a click in the state of the snapshot, most
// useful first: about its problem, else about what else needs the person.
func (s Snapshot) Acts() []problem.Act {
	var acts []problem.Act
	switch {
	case s.Problem != nil:
		acts = s.Problem.Offers()
	case s.Waiting.For == engine.WaitingForGPU && s.Engine.Features.Replace:
		acts = []problem.Act{{Name: problem.ActStartWithoutGPU}}
	case !s.IdleStopAt.IsZero():
		acts = []problem.Act{{Name: problem.ActKeepRunning}}
	case s.RestartToApply:
		acts = []problem.Act{{Name: problem.ActRestart}}
	case len(s.Warnings) > 0:
		acts = s.Warnings[0].Offers()
	case s.NewerImage != "":
		acts = []problem.Act{{Name: problem.ActUpdate}}
	}
	return slices.DeleteFunc(acts, func(a problem.Act) bool {
		return !s.State.Allows(a) || s.Engine.Elsewhere() != "" && isForEngineHere(a.Name)
	})
}

// isForEngineHere reports whether an act gets or starts an engine on this computer, which
// is no help with one elsewhere.
func isForEngineHere(a problem.ActName) bool {
	switch a {
	case problem.ActInstall, problem.ActInstallDesktop, problem.ActStartDesktop, problem.ActUsePodman:
		return true
	default:
		return false
	}
}

// Allows reports whether an act makes sense in a state.
func (s State) Allows(a problem.Act) bool {
	switch a.Name {
	case problem.ActStartWithoutGPU:
		return s.CanStart() && s != NoEngine || s == Waiting
	case problem.ActStart, problem.ActUsePort:
		return s.CanStart() && s != NoEngine
	case problem.ActContinue:
		return s.CanContinue()
	case problem.ActRestart, problem.ActRepair:
		return s.CanRestart() && s != Starting
	case problem.ActUpdate:
		return s.CanUpdate()
	case problem.ActShowLogs:
		return s.CanReadLogs()
	default:
		return true
	}
}
