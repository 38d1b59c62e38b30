package tray

import (
	"slices"
	"strings"

	"colabtray/assets"
	"colabtray/internal/colab"
	"colabtray/internal/engine"
	"colabtray/internal/i18n"
	"colabtray/internal/problem"
	"colabtray/internal/runtime"
)

// View is everything that a person sees of the tray. Views can be compared with ==.
type View struct {
	Icon    assets.State
	Style   assets.Style
	Tooltip string
	Rows    [rows]Row
	// Primary is the action of a click on the icon itself.
	Primary Action
}

// viewInput is everything that a view depends on.
type viewInput struct {
	style    assets.Style
	overview runtime.Overview
	// message is the message of the last action, while it is of interest.
	message actionMessage
	// busy has the actions that are under way and cannot be chosen again.
	busy map[Action]bool
	// lacks has the actions that Options does not offer.
	lacks map[Action]bool
	// set has the toggles that are on.
	set map[Action]bool
	// pendingDelete is the delete that waits for confirmation.
	pendingDelete pendingDelete
	// notebooks are the recent ones, the latest first.
	notebooks []colab.Notebook
	// version is the version of the program.
	version string
	// undoable is the profile whose deletion can be undone, empty for none.
	undoable string
	// gpu tells that this computer has a graphics card.
	gpu bool
	// empty is the profile that has neither a container nor data, empty for none.
	empty string

	derived
}

// derived is computed from the rest of viewInput, for several rows.
type derived struct {
	now      runtime.Snapshot // of the current profile
	short    string           // the status, one line
	told     [toldRows]told   // below the status
	listed   []runtime.Snapshot
	unlisted int
}

// actionMessage is what an action tells the person. The zero value is no message.
type actionMessage struct {
	short  string // one line without a full stop
	hint   string // why, and what to do; can be empty
	acts   []problem.Act
	failed bool
	stays  bool   // remains when the state changes, as a failure does; see app.apply
	during Action // the message goes away when this action ends; Nothing for no action
}

// pendingDelete is a delete that waits for confirmation. The zero value is none.
type pendingDelete struct {
	profile string
	size    int64 // of what is lost, in bytes; negative when the engine does not know it
	// container deletes the container alone; size is then that of the files that
	// only the container has.
	container bool
}

// The longest texts shown, in UTF-16 units. Windows cuts a tooltip at 127 units,
// and a menu as wide as the screen is hard to read.
const (
	maxTooltip = 120
	maxRow     = 72
)

// view computes the view.
func view(s viewInput) View {
	s.derive()
	v := View{
		Icon:    icon(s.now),
		Style:   s.style,
		Tooltip: cut(i18n.Named(title, s.short), maxTooltip),
		Primary: primary(s.now.State),
	}
	if other, does := needsAttention(s.overview); does {
		v.Icon = icon(other)
		v.Tooltip = cut(i18n.Named(title, oneLine(i18n.Named(other.Profile, other.Problem.Short))), maxTooltip)
	}
	submenus := map[int]bool{} // with a visible row
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
	s.short = oneLine(short)
	s.told = s.tell(hint)
	s.listed, s.unlisted = listed(s.overview)
}

func restartText(s viewInput) string {
	if state := s.now.State; s.now.RestartToApply && state.CanRestart() && state != runtime.Starting {
		return i18n.T("tray.row.restartToApply")
	}
	return i18n.T("tray.row.restart")
}

func updateText(s viewInput) string {
	if s.now.NewerImage != "" {
		return i18n.T("tray.row.updateNewer")
	}
	return i18n.T("tray.row.update")
}

func about(s viewInput) string { return strings.TrimSpace(title + " " + oneLine(s.version)) }

// primary returns the most useful action in a state.
func primary(s runtime.State) Action {
	switch {
	case s.CanConnect():
		return CopyURL
	case s.CanStart():
		return Start
	case s.CanContinue():
		return Continue
	default:
		return tell
	}
}

// needsAttention returns a runtime that needs the person while the current one does
// not. A paused one was paused by somebody.
func needsAttention(o runtime.Overview) (other runtime.Snapshot, does bool) {
	needs := func(s runtime.Snapshot) bool {
		return s.Problem != nil && (s.State == runtime.Failed || s.State == runtime.Unhealthy)
	}
	current := o.Runtime()
	if needs(current) || current.State == runtime.NoEngine {
		return other, false
	}
	i := slices.IndexFunc(o.Runtimes, func(s runtime.Snapshot) bool { return needs(s) && s.ID() != current.ID() })
	if i < 0 {
		return other, false
	}
	return o.Runtimes[i], true
}

func icon(s runtime.Snapshot) assets.State {
	if s.State == runtime.Ready && !s.Reconnecting.IsZero() {
		return assets.Busy
	}
	switch s.State {
	case runtime.NoEngine:
		return assets.NoEngine
	case runtime.Absent, runtime.Stopped:
		return assets.Stopped
	case runtime.Unknown, runtime.Pulling, runtime.Waiting, runtime.Starting, runtime.Stopping:
		return assets.Busy
	case runtime.Ready:
		return assets.Ready
	case runtime.Paused:
		return assets.Paused
	default:
		return assets.Problem
	}
}

// status returns the status of a snapshot in one line, and a hint that can be empty.
func status(s runtime.Snapshot) (short, hint string) {
	switch p := s.Problem; {
	case p != nil && !s.Reconnecting.IsZero():
		return s.Say(runtime.WordStatus), i18n.FullStop(p.Short) + " " + advice(p)
	case p != nil:
		return p.Short, advice(p)
	case !s.Reconnecting.IsZero(), s.Engine.Elsewhere() != "":
		return s.Say(runtime.WordStatus), ""
	}
	short = s.Say(runtime.WordStatus)
	if s.State == runtime.Absent || s.State == runtime.Stopped && !s.IdleStopped {
		short += engineWords(s.Engine)
	}
	return short, ""
}

// engineWords names the engine, unless the person expects it: at the default
// address, or at that of DOCKER_HOST.
func engineWords(e engine.Info) string {
	if e.Found == "" || e.Found == "default" || e.Found == "DOCKER_HOST" {
		return ""
	}
	return " " + i18n.T("tray.engine", "engine", e.Name, "found", e.FoundText())
}

// advice shortens the hint of a problem to a few lines: its first line and the
// command. A first line that introduces the container's output, which ends in a
// colon, is completed by the last line of that output. The program's own commands
// are left out: the menu has them.
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

// warning returns the text about the warnings of a runtime: a single one with its
// advice, of several only their names.
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

// oneLine makes a text from outside fit for a row: on one line, without control
// characters and long gaps.
func oneLine(text string) string {
	words := strings.FieldsFunc(i18n.Line(text), func(r rune) bool { return r == ' ' }) // no-break spaces stay
	return strings.Join(words, " ")
}

// wrapped breaks a text between words into at most rows lines of at most units
// UTF-16 units. The first line of the text can take several of them and is cut
// where there is no room; a second line, such as a command, always gets one.
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
		case len(all)+len(last) == rows-1: // no row is left for the rest
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

// ellipsis marks a cut; it is one UTF-16 unit.
const ellipsis = "…"

// cut shortens a text to at most units UTF-16 units, which Windows counts, without
// breaking a character in two.
func cut(text string, units int) string {
	if i18n.FirstUnits(text, units) == text {
		return text
	}
	return strings.TrimRight(i18n.FirstUnits(text, units-1), " ") + ellipsis
}
