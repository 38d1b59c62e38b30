package tray

import (
	"strings"
	"unicode/utf16"

	"colabtray/assets"
	"colabtray/internal/engine"
	"colabtray/internal/i18n"
	"colabtray/internal/problem"
	"colabtray/internal/runtime"
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

// viewInput is all that a view depends on.
type viewInput struct {
	style    assets.Style
	overview runtime.Overview
	// message is what the last action had to say, if that is still of interest.
	message actionMessage
	// busy tells which actions are under way and cannot be asked for again.
	busy map[Action]bool
	// lacks tells which actions there are not.
	lacks map[Action]bool
	// set tells which toggles are on.
	set map[Action]bool
	// pendingDelete is what a second choice deletes.
	pendingDelete pendingDelete
	// version is the program's.
	version string

	derived
}

// derived is what several rows take from the rest of a scene.
type derived struct {
	now      runtime.Snapshot // of the current profile
	short    string           // the status, in one line
	hints    []string         // lines below it
	troubles []string         // lines about the settings
	listed   []runtime.Snapshot
	unlisted int
}

// actionMessage is what an action says to the person. The zero value says nothing.
type actionMessage struct {
	short  string // one line without a full stop
	hint   string // why, and what to do; can be empty
	failed bool
	stays  bool   // also when the state is another one, until there is something to do
	during Action // what it says until this is done; Nothing for good
}

// pendingDelete is a choice that is to be made once more. The zero value is none.
type pendingDelete struct {
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
func view(s viewInput) View {
	s.derive()
	v := View{
		Icon:    icon(s.now.State),
		Style:   s.style,
		Tooltip: cut(title+": "+s.short, maxTooltip),
		Primary: primary(s.now.State),
	}
	submenus := map[int]bool{} // those with a row in them
	for i, e := range entries {
		v.Rows[i] = e.row(s)
		submenus[e.parent] = submenus[e.parent] || !v.Rows[i].Hidden
	}
	for i, e := range entries {
		if e.rows != nil && !submenus[i] {
			v.Rows[i].Hidden = true
		}
	}
	return v
}

func (s *viewInput) derive() {
	s.now = s.overview.Runtime()
	short, hint := status(s.now)
	if s.message.short != "" {
		short, hint = s.message.short, s.message.hint
	} else if hint == "" {
		hint = warning(s.now)
	}
	s.short, s.hints = oneLine(short), wrapped(hint, maxRow, hintLines)
	s.troubles = settingsProblemLines(s.overview.Settings)
	s.listed, s.unlisted = listed(s.overview)
}

// lineOf returns one of some lines, "" where there are fewer.
func lineOf(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

// settingsProblemLines tells what is wrong with the settings, beside the state of the
// runtime.
func settingsProblemLines(p *problem.Problem) []string {
	if p == nil {
		return nil
	}
	lines := []string{cut(oneLine(p.Short), maxRow)}
	return append(lines, wrapped(p.Hint, maxRow, troubleLines-1)...)
}

func restartText(s viewInput) string {
	if state := s.now.State; s.now.RestartToApply && state.CanRestart() && state != runtime.Starting {
		return i18n.T("tray.row.restartToApply")
	}
	return i18n.T("tray.row.restart")
}

func about(s viewInput) string { return strings.TrimSpace(title + " " + oneLine(s.version)) }

// lacksGPU reports whether the runtime was not started for want of a GPU.
func lacksGPU(s viewInput) bool { return s.now.Problem != nil && s.now.Problem.Code == problem.GPU }

// primary is the next useful thing to do.
func primary(s runtime.State) Action {
	switch {
	case s.CanConnect():
		return CopyURL
	case s.CanStart():
		return Start
	case s.CanContinue():
		return Continue
	default:
		return Nothing
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
	case runtime.Paused:
		return assets.Paused
	default:
		return assets.Problem
	}
}

// status puts a snapshot into words: one line, and a hint where there is one.
func status(s runtime.Snapshot) (short, hint string) {
	if s.Problem != nil {
		return s.Problem.Short, advice(s.Problem)
	}
	short = s.Say(runtime.WordStatus)
	if s.State == runtime.Absent || s.State == runtime.Stopped && !s.IdleStopped {
		short += engineWords(s.Engine)
	}
	return short, ""
}

// engineWords tells which engine it is, unless that goes without saying: at the usual
// place, or where the person's own environment says.
func engineWords(e engine.Info) string {
	if e.Found == "" || e.Found == "default" || e.Found == "DOCKER_HOST" {
		return ""
	}
	return " " + i18n.T("tray.engine", "engine", e.Name, "found", e.FoundText())
}

// advice is what to say about a problem below its name, where there is room for
// a few lines: the first line of its hint, and the command. A first line that
// leads up to the container's output goes on with the last of that. The
// program's own commands are left out: the menu has them.
func advice(p *problem.Problem) string {
	text, output, _ := strings.Cut(strings.TrimSpace(p.Hint), "\n")
	if strings.HasSuffix(text, ":") && output != "" {
		text += " " + output[strings.LastIndexByte(output, '\n')+1:]
	}
	if p.Command != "" && !strings.HasPrefix(p.Command, "colab-tray") {
		text += "\n" + i18n.T("tray.command", "command", p.Command)
	}
	return strings.TrimSpace(text)
}

// warning tells what is wrong with a runtime that can be used: one thing in full,
// of several what they are.
func warning(s runtime.Snapshot) string {
	all := s.Warnings
	if len(all) == 1 {
		return i18n.FullStop(all[0].Short) + " " + advice(all[0])
	}
	var names []string
	for _, w := range all {
		names = append(names, i18n.FullStop(w.Short))
	}
	return strings.Join(names, " ")
}

// oneLine makes a text that can come from anywhere fit for a row, which has no
// room for long gaps.
func oneLine(text string) string { return strings.Join(strings.Fields(i18n.Line(text)), " ") }

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
