package tray

import (
	"strings"
	"unicode/utf16"

	"colabtray/assets"
	"colabtray/internal/runtime"
	"colabtray/internal/words"
)

// View is all that a person sees of the tray. Views can be compared with ==.
type View struct {
	Icon    assets.State
	Style   assets.Style
	Tooltip string
	Rows    [rows]Row
	// Primary is what a click on the icon itself does.
	Primary Action
}

// scene is all that a view depends on.
type scene struct {
	style    assets.Style
	overview runtime.Overview
	// said is what the last action had to say, if that is still of interest.
	said outcome
	// busy tells which actions are under way and cannot be asked for again.
	busy [actions]bool
	// offered tells which actions there are at all.
	offered [actions]bool
	// set tells which toggles are on.
	set [actions]bool
	// armed is what a second choice deletes.
	armed armed
	// version is the program's.
	version string
}

// outcome is what an action says to the person. The zero value says nothing.
type outcome struct {
	short  string // one line without a full stop
	hint   string // why, and what to do; can be empty
	failed bool
	stays  bool   // also when the state is another one, until there is something to do
	during Action // what it says until this is done; Nothing for good
}

// armed is a choice that is to be made once more. The zero value is none.
type armed struct {
	profile string // whose data are to be deleted
	size    int64  // in bytes; negative when the engine cannot tell
	// container tells that it is the container alone, and size what only that has.
	container bool
}

// The longest texts shown, in UTF-16 units. Windows cuts a tooltip at 127, and
// a menu as wide as the screen reads badly.
const (
	maxTooltip = 120
	maxRow     = 72
)

// view computes what is to be seen.
func view(s scene) View {
	now := s.overview.Runtime()
	short, hint := status(now)
	if s.said.short != "" {
		short, hint = s.said.short, s.said.hint
	} else if hint == "" {
		hint = warning(now)
	}
	short = oneLine(short)
	v := View{
		Icon:    icon(now.State),
		Style:   s.style,
		Tooltip: cut(title+": "+short, maxTooltip),
		Primary: primary(now.State),
	}
	v.Rows[rowStatus] = Row{Text: cut(short, maxRow), Disabled: true}
	v.tell(rowHint, rowHint4, wrapped(hint, maxRow, rowHint4-rowHint+1))
	v.tell(rowTrouble, rowTrouble3, trouble(s.overview.Settings))
	for row, r := range choices(s, now) {
		v.Rows[row] = r
	}
	s.listRuntimes(&v)
	s.listSettings(&v)
	s.listDelete(&v, now.State)
	return v
}

// tell shows lines in the rows from first to last, and hides the others.
func (v *View) tell(first, last int, lines []string) {
	for row := first; row <= last; row++ {
		v.Rows[row] = Row{Disabled: true, Hidden: true}
		if n := row - first; n < len(lines) {
			v.Rows[row] = Row{Text: lines[n], Disabled: true}
		}
	}
}

// trouble tells what is wrong with the settings, beside the state of the
// runtime.
func trouble(p *runtime.Problem) []string {
	if p == nil {
		return nil
	}
	lines := []string{cut(oneLine(p.Short), maxRow)}
	return append(lines, wrapped(p.Hint, maxRow, rowTrouble3-rowTrouble)...)
}

// choices are the rows of the menu itself that can be chosen, and what is
// beside them.
func choices(s scene, now runtime.Snapshot) map[int]Row {
	state := now.State
	startStop := Row{Text: words.Say("tray.row.start"), Action: Start, Disabled: !canStart(state)}
	if canStop(state) {
		startStop = Row{Text: words.Say("tray.row.stop"), Action: Stop}
	}
	running := state == runtime.Ready || state == runtime.Unhealthy
	restart := words.Say("tray.row.restart")
	if now.RestartToApply && running {
		restart = words.Say("tray.row.restartToApply")
	}
	withoutGPU := s.row(words.Say("tray.row.startWithoutGPU"), StartWithoutGPU, true)
	if now.Problem == nil || now.Problem.Code != runtime.CodeGPU {
		withoutGPU.Hidden = true
	}
	undoUpdate := s.row(words.Say("tray.row.undoUpdate"), UndoUpdate, running || canStart(state))
	if !now.PreviousImage {
		undoUpdate.Hidden = true
	}
	keepRunning := s.row(words.Say("tray.row.keepRunning"), KeepRunning, true)
	if now.IdleStopAt.IsZero() {
		keepRunning.Hidden = true
	}
	return map[int]Row{
		rowStartStop:   startStop,
		rowRestart:     s.row(restart, Restart, running),
		rowWithoutGPU:  withoutGPU,
		rowUndoUpdate:  undoUpdate,
		rowKeepRunning: keepRunning,
		rowCopyURL:     s.row(words.Say("tray.row.copyURL"), CopyURL, state == runtime.Ready),
		rowOpenColab:   s.row(words.Say("tray.row.openColab"), OpenColab, true),
		rowGuide:       s.row(words.Say("tray.row.guide"), Guide, true),
		rowCheck:       s.row(words.Say("tray.row.check"), Check, running),
		rowShowLogs:    s.row(words.Say("tray.row.logs"), ShowLogs, hasOutput(state)),
		rowAbout:       {Text: strings.TrimSpace(title + " " + oneLine(s.version)), Disabled: true},
		rowQuit:        {Text: words.Say("tray.row.quit"), Action: Quit},
	}
}

// row is a row of an action, which is hidden where there is no such action, and
// cannot be chosen while it is under way.
func (s scene) row(text string, action Action, enabled bool) Row {
	return Row{Text: text, Action: action, Disabled: !enabled || s.busy[action], Hidden: !s.offered[action]}
}

// primary is the next useful thing to do.
func primary(s runtime.State) Action {
	switch {
	case s == runtime.Ready:
		return CopyURL
	case canStart(s):
		return Start
	default:
		return Nothing
	}
}

func canStart(s runtime.State) bool {
	switch s {
	case runtime.Stopped, runtime.Absent, runtime.Failed, runtime.NoEngine:
		return true
	default:
		return false
	}
}

func canStop(s runtime.State) bool {
	switch s {
	case runtime.Pulling, runtime.Starting, runtime.Ready, runtime.Unhealthy:
		return true
	default:
		return false
	}
}

// hasOutput reports whether there may be a container, whose output can be read.
func hasOutput(s runtime.State) bool {
	switch s {
	case runtime.Unknown, runtime.NoEngine, runtime.Absent, runtime.Pulling:
		return false
	default:
		return true
	}
}

func icon(s runtime.State) assets.State {
	switch s {
	case runtime.NoEngine:
		return assets.NoEngine
	case runtime.Absent, runtime.Stopped:
		return assets.Stopped
	case runtime.Unknown, runtime.Pulling, runtime.Starting, runtime.Stopping:
		return assets.Busy
	case runtime.Ready:
		return assets.Ready
	default:
		return assets.Problem
	}
}

// status puts a snapshot into words: one line, and a hint where there is one.
func status(s runtime.Snapshot) (short, hint string) {
	if s.Problem != nil {
		return s.Problem.Short, advice(s.Problem)
	}
	switch s.State {
	case runtime.Unknown:
		return words.Say("tray.state.unknown", "engine", s.Engine.Name), ""
	case runtime.NoEngine:
		return words.Say("tray.state.noEngine", "engine", s.Engine.Name), ""
	case runtime.Absent:
		return words.Say("tray.state.absent") + engine(s.Engine), ""
	case runtime.Pulling:
		return pulling(s.Progress), ""
	case runtime.Stopped:
		if s.IdleStopped {
			return words.Say("tray.state.stoppedIdle", "time", s.Since.Local().Format("15:04")), ""
		}
		return words.Say("tray.state.stopped") + engine(s.Engine), ""
	case runtime.Starting:
		return words.Say("tray.state.starting"), ""
	case runtime.Ready:
		if at := s.IdleStopAt; !at.IsZero() {
			return words.Say("tray.state.readyIdle", "port", s.Port, "time", at.Local().Format("15:04")), ""
		}
		if s.URLChanged {
			return words.Say("tray.state.readyChanged", "port", s.Port), ""
		}
		return words.Say("tray.state.ready", "port", s.Port), ""
	case runtime.Unhealthy:
		return words.Say("tray.state.unhealthy"), ""
	case runtime.Stopping:
		return words.Say("tray.state.stopping"), ""
	default:
		return words.Say("tray.state.failed"), ""
	}
}

// engine tells which engine it is, unless that goes without saying: at the usual
// place, or where the person's own environment says.
func engine(e runtime.EngineInfo) string {
	if e.Found == "" || e.Found == "default" || e.Found == "DOCKER_HOST" {
		return ""
	}
	return " " + words.Say("tray.engine", "engine", e.Name, "found", e.FoundWords())
}

// advice is what to say about a problem below its name, where there is room for
// a few lines: the first line of its hint, and the command. A first line that
// leads up to the container's output goes on with the last of that. The
// program's own commands are left out: the menu has them.
func advice(p *runtime.Problem) string {
	text, output, _ := strings.Cut(strings.TrimSpace(p.Hint), "\n")
	if strings.HasSuffix(text, ":") && output != "" {
		text += " " + output[strings.LastIndexByte(output, '\n')+1:]
	}
	if p.Command != "" && !strings.HasPrefix(p.Command, "colab-tray") {
		text += "\n" + words.Say("tray.command", "command", p.Command)
	}
	return strings.TrimSpace(text)
}

// warning tells what is wrong with a runtime that can be used: one thing in full,
// of several what they are.
func warning(s runtime.Snapshot) string {
	all := s.Warnings
	if len(all) == 1 {
		return words.FullStop(all[0].Short) + " " + advice(all[0])
	}
	var names []string
	for _, w := range all {
		names = append(names, words.FullStop(w.Short))
	}
	return strings.Join(names, " ")
}

// pulling tells how far a pull is.
func pulling(p runtime.Progress) string {
	if p.Layers <= 0 {
		return words.Say("tray.state.pulling")
	}
	layers := words.Say("tray.pull.layers", "done", p.LayersDone, "all", p.Layers)
	done, all, known := p.Megabytes()
	if !known {
		return words.Say("tray.pull.some", "layers", layers)
	}
	const giga = 1e9
	amount := words.Say("tray.pull.mega", "done", done, "all", all)
	if p.Total >= giga {
		amount = words.Say("tray.pull.giga", "done", words.Decimal(float64(min(max(p.Bytes, 0), p.Total))/giga), "all", words.Decimal(float64(p.Total)/giga))
	}
	return words.Say("tray.pull.amount", "amount", amount, "layers", layers)
}

// oneLine makes a text that can come from anywhere fit for a row, which has no
// room for long gaps.
func oneLine(text string) string { return strings.Join(strings.Fields(words.Line(text)), " ") }

// wrapped breaks each line of a text between words into so many rows of so many
// UTF-16 units. What there is no room for is left out of the first line, which
// can be any length.
func wrapped(text string, units, rows int) []string {
	first, second, _ := strings.Cut(text, "\n")
	var last []string
	if second = oneLine(second); second != "" {
		last = append(last, cut(second, units))
	}
	var all []string
	line, rest := "", oneLine(first)
	for rest != "" {
		word, more, _ := strings.Cut(rest, " ")
		switch longer := strings.TrimSpace(line + " " + word); {
		case line == "", cut(longer, units) == longer:
			line, rest = longer, more
		case len(all)+len(last) == rows-1: // there is no other row
			line, rest = line+" "+rest, ""
		default:
			all, line = append(all, cut(line, units)), ""
		}
	}
	if line != "" {
		all = append(all, cut(line, units))
	}
	return append(all, last...)
}

// ellipsis stands for what was left out; it is one UTF-16 unit.
const ellipsis = "…"

// cut shortens a text to so many UTF-16 units, which is how Windows counts,
// without breaking a character in two.
func cut(text string, units int) string {
	used, fits := 0, 0
	for i, r := range text {
		if used < units {
			fits = i // there is room for the ellipsis here
		}
		used += utf16.RuneLen(r)
		if used > units {
			return strings.TrimRight(text[:fits], " ") + ellipsis
		}
	}
	return text
}
