package tray

import (
	"slices"
	"strings"

	"colabtray/internal/i18n"
	"colabtray/internal/problem"
	"colabtray/internal/runtime"
)

// told is a row below the status: a line to be read, or an act.
type told struct {
	text string
	act  problem.Act
}

// maxActs is the number of acts that the rows below the status have room for.
const maxActs = 2

// emptyLine is the text of a row that says nothing, and keeps its place.
const emptyLine = "\u00a0"

// tell returns the rows below the status: the hint, the problem of the settings, the
// acts, and what the runtime is where there is room left.
func (s *viewInput) tell(hint string) (rows [toldRows]told) {
	acts := s.offeredActs()
	if slices.Contains(acts, problem.Act{Name: problem.ActCopyCommand}) {
		hint, _, _ = strings.Cut(hint, "\n") // the act has the command
	}
	var wrong []string
	if p := s.overview.Settings; p != nil {
		wrong = append(wrong, cut(oneLine(p.Short), maxRow))
		if hint == "" {
			wrong = append(wrong, wrapped(p.Hint, maxRow, toldRows-len(acts)-1)...)
		}
	}
	var lines []string
	if hint != "" {
		lines = wrapped(hint, maxRow, toldRows-len(acts)-len(wrong))
	}
	var all []told
	for _, line := range append(lines, wrong...) {
		all = append(all, told{text: line})
	}
	for _, act := range acts {
		all = append(all, told{s.actText(act), act})
	}
	for _, line := range s.facts(hint) {
		all = append(all, told{text: line})
	}
	copy(rows[:], all)
	for i := len(all); i < toldRows; i++ {
		rows[i].text = emptyLine
	}
	return rows
}

// facts returns what the runtime is and does, the most useful first.
func (s *viewInput) facts(hint string) (lines []string) {
	if hint == "" {
		lines = wrapped(s.now.Say(runtime.WordHint), maxRow, 2)
	}
	if progress := s.now.StartProgress(); progress != "" {
		lines = append(lines, wrapped(progress, maxRow, 2)...)
	}
	if about := s.now.About(); about != "" && s.now.State == runtime.Absent {
		return append(lines, cut(about, maxRow))
	}
	if s.now.State != runtime.Unknown && s.now.State != runtime.NoEngine {
		image := i18n.T("tray.fact.image", "image", s.now.Image)
		if s.now.Problem != nil { // else the status says where it is
			image = s.now.WithMachine(image)
		}
		lines = append(lines, cut(oneLine(image), maxRow))
	}
	return lines
}

// offeredActs returns the acts that have no row of their own in the menu, most useful
// first.
func (s *viewInput) offeredActs() []problem.Act {
	acts := s.message.acts
	if len(acts) == 0 {
		acts = s.now.Acts()
	}
	if s.overview.Settings != nil {
		acts = append(slices.Clone(acts), s.overview.Settings.Offers()...)
	}
	if s.undoable != "" && s.undoable == s.now.Profile && s.now.State == runtime.Absent {
		acts = append(slices.Clone(acts), problem.Act{Name: problem.ActUndoDelete})
	}
	var offered []problem.Act
	for _, a := range acts {
		if len(offered) < maxActs && !hasRow(Action(a.Name)) && !s.lacks[Action(a.Name)] && !slices.Contains(offered, a) {
			offered = append(offered, a)
		}
	}
	return offered
}

func (s *viewInput) actText(a problem.Act) string {
	if p := actProblem(s.now); a.Name == problem.ActCopyCommand && p != nil {
		return cut(oneLine(i18n.T("tray.row.copyCommand", "command", p.Command)), maxRow)
	}
	return a.Label()
}

// actProblem returns the problem that the acts of a snapshot are about, nil for none.
func actProblem(s runtime.Snapshot) *problem.Problem {
	switch {
	case s.Problem != nil:
		return s.Problem
	case len(s.Warnings) > 0:
		return s.Warnings[0]
	default:
		return nil
	}
}

// hasRow reports whether an action has a row of its own, outside of submenus.
func hasRow(action Action) bool {
	switch action {
	case Start, Continue, Stop, Restart, Update, CopyURL, OpenColab, ShowLogs:
		return true
	default:
		return false
	}
}

func startText(s viewInput) string {
	if s.now.State.CanContinue() {
		return i18n.T("tray.row.continue")
	}
	return i18n.T("tray.row.start")
}

// quitText says what happens to the runtimes when the person quits.
func quitText(s viewInput) string {
	running := 0
	for _, r := range s.overview.Runtimes {
		if r.State.Runs() {
			running++
		}
	}
	switch {
	case running == 0:
		return i18n.T("tray.row.quit")
	case s.set["stopOnQuit"]:
		return i18n.T("tray.row.quitStopping", "count", running)
	default:
		return i18n.T("tray.row.quitRunning", "count", running)
	}
}
