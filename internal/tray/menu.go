package tray

import (
	"context"
	"slices"

	"colabtray/internal/i18n"
	"colabtray/internal/runtime"
)

// Action is what a click asks for. Its name is that of its row's text, too:
// tray.row.NAME. Nothing is the zero value: rows to read have it.
type Action string

// The actions that are asked for elsewhere, too, or that the app knows by name.
const (
	Nothing         Action = ""
	Start           Action = "start"
	Continue        Action = "continue"
	Stop            Action = "stop"
	Restart         Action = "restart"
	StartWithoutGPU Action = "startWithoutGPU"
	KeepRunning     Action = "keepRunning"
	CopyURL         Action = "copyURL"
	OpenColab       Action = "openColab"
	ShowLogs        Action = "showLogs"
	Quit            Action = "quit"

	selectProfile     Action = "select"
	confirmDelete     Action = "confirmDelete"
	confirmDeleteData Action = "confirmDeleteData"
)

// entry is all there is to know about one row of the menu. Where the row stands
// is where its entry is in the table.
type entry struct {
	// action is what choosing the row does. Each row has an action of its own;
	// only the rows of the profiles share theirs.
	action Action
	// do returns what the action does. A row without it, and without a submenu,
	// is there to be read.
	do func(a *app, on target) actionFunc
	// text is what the row says; nil is the text that has the action's name. A
	// row without a text is not there.
	text func(s viewInput) string
	// can tells when the row can be chosen; nil is always.
	can func(s viewInput) bool
	// shown tells when the row is there; nil is always.
	shown func(s viewInput) bool
	// offered tells whether these options have what the action needs; nil is
	// always.
	offered func(o *Options) bool
	// profile is what the action is done to; nil is the current one.
	profile func(s viewInput) string
	// checked tells when the row has a check mark; nil for one that never has.
	checked func(s viewInput) bool
	// toggle is the setting that the row switches; nil for other rows.
	toggle func(o *Options) *Toggle
	// progressText tells that the text tray.meanwhile.NAME is said while the action
	// is under way; nothing else shows it.
	progressText bool
	// again tells that the action can be asked for while it is under way: the
	// row follows the state of the runtime, and the runtime knows what to do.
	again bool
	// line tells that a line is drawn above the row; not in submenus, because
	// the toolkit cannot take a line away again.
	line bool
	// rows are those of the submenu.
	rows []entry

	// parent is the number of the row whose submenu the row is in. 0, which is a
	// row without a submenu, stands for the menu itself.
	parent int
}

// target is what an action is done to.
type target struct {
	profile string
	now     runtime.Snapshot
	checked bool // the row had a check mark
}

// rows is how many rows a view has room for. A test holds that all entries fit.
const rows = 64

// maxProfileRows is how many profiles the submenu Runtime has room for.
const maxProfileRows = 24

// Lines of text that the menu begins with, beside the status.
const (
	hintLines    = 4
	troubleLines = 3
)

// entries are the rows of the menu from top to bottom. The rows of a submenu
// come after the one that opens it. The menu is built once with all of them; only
// their texts and marks change, and whether they are there and can be chosen.
var entries = numbered(nil, 0, slices.Concat(
	[]entry{{text: func(s viewInput) string { return cut(s.short, maxRow) }}},
	each(hintLines, func(i int) entry { return entry{text: func(s viewInput) string { return lineOf(s.hints, i) }} }),
	each(troubleLines, func(i int) entry { return entry{text: func(s viewInput) string { return lineOf(s.troubles, i) }} }),
	[]entry{
		{action: Start, do: (*app).start, again: true, line: true, can: in(runtime.State.CanStart), shown: func(s viewInput) bool { return !s.now.State.CanStop() }},
		{action: Continue, do: (*app).start, again: true, shown: in(runtime.State.CanContinue)},
		{action: Stop, do: (*app).stop, again: true, shown: in(runtime.State.CanStop)},
		{action: Restart, do: (*app).restart, again: true, can: in(runtime.State.CanRestart), text: restartText},
		{
			action: StartWithoutGPU, do: (*app).startWithoutGPU, shown: lacksGPU,
			offered: func(o *Options) bool { return o.StartWithoutGPU != nil },
		},
		{
			action: "undoUpdate", do: (*app).undoUpdate, can: in(runtime.State.CanUpdate), shown: func(s viewInput) bool { return s.now.PreviousImage },
			offered: func(o *Options) bool { return o.UndoUpdate != nil },
		},
		{
			action: KeepRunning, do: (*app).keepRunning, shown: func(s viewInput) bool { return !s.now.IdleStopAt.IsZero() },
			offered: func(o *Options) bool { return o.KeepRunning != nil },
		},
		{action: CopyURL, do: (*app).copyURL, line: true, can: in(runtime.State.CanConnect)},
		{action: OpenColab, do: (*app).openColab},
		{
			action: "openJupyter", do: (*app).openJupyter, can: in(runtime.State.CanConnect),
			offered: func(o *Options) bool { return o.OpenJupyter != nil },
		},
		{action: "guide", do: (*app).openGuide, offered: func(o *Options) bool { return o.Guide != nil }},
		{
			action: "check", do: (*app).check, can: in(runtime.State.CanCheck),
			progressText: true,
		},
		{action: "runtimes", line: true, rows: slices.Concat(
			each(maxProfileRows, profileEntry),
			[]entry{{text: moreProfiles}},
		)},
		{action: ShowLogs, do: (*app).showLogs, can: in(runtime.State.CanReadLogs)},
		{action: "settings", rows: []entry{
			switching("startAtLogin", func(o *Options) *Toggle { return o.StartAtLogin }),
			switching("startAtOpen", func(o *Options) *Toggle { return o.StartAtOpen }),
			switching("keepURL", func(o *Options) *Toggle { return o.KeepURL }),
			switching("stopOnQuit", func(o *Options) *Toggle { return o.StopOnQuit }),
			switching("notifications", func(o *Options) *Toggle { return o.Notifications }),
			{action: "editSettings", do: (*app).editSettings, offered: func(o *Options) bool { return o.EditSettings != nil }},
		}},
		{action: "delete", can: in(runtime.State.CanDeleteData), rows: []entry{
			{
				action: "deleteContainer", do: (*app).deleteContainer, text: deleteContainerText,
				can:          func(s viewInput) bool { return s.now.State.CanDelete() && !s.busy[confirmDelete] },
				offered:      func(o *Options) bool { return o.Delete != nil && o.Lost != nil },
				progressText: true,
			},
			{
				action: "deleteData", do: (*app).deleteData,
				can:          func(s viewInput) bool { return s.now.State.CanDeleteData() && !s.busy[confirmDeleteData] },
				shown:        func(s viewInput) bool { return s.now.Engine.Features.Data },
				offered:      func(o *Options) bool { return o.Delete != nil && o.DataSize != nil },
				progressText: true,
			},
			{
				action: confirmDelete, do: (*app).confirmDelete, text: confirmDeleteText,
				can: in(runtime.State.CanDelete), shown: func(s viewInput) bool { return s.pendingDelete.container }, profile: armedProfile,
				progressText: true,
			},
			{
				action: confirmDeleteData, do: (*app).confirmDeleteData, text: confirmDeleteText,
				can: in(runtime.State.CanDeleteData), shown: func(s viewInput) bool { return !s.pendingDelete.container }, profile: armedProfile,
				progressText: true,
			},
		}},
		{text: about, line: true},
		{action: Quit, do: (*app).quit, progressText: true},
	},
))

// numbered puts entries into the order of the menu's rows, each submenu's after
// the row that opens it.
func numbered(before []entry, parent int, more []entry) []entry {
	for _, e := range more {
		e.parent = parent
		number := len(before)
		before = numbered(append(before, e), number, e.rows)
	}
	return before
}

// each makes so many entries.
func each(count int, make func(i int) entry) (all []entry) {
	for i := range count {
		all = append(all, make(i))
	}
	return all
}

// in tells when an action is possible that depends on the state alone.
func in(possible func(runtime.State) bool) func(viewInput) bool {
	return func(s viewInput) bool { return possible(s.now.State) }
}

// switching is the entry of a setting that is on or off.
func switching(action Action, toggle func(o *Options) *Toggle) entry {
	return entry{
		action: action, toggle: toggle,
		do: func(a *app, on target) actionFunc {
			return a.choosing(func(context.Context) error { return toggle(&a.Options).Set(!on.checked) })
		},
		checked: func(s viewInput) bool { return s.set[action] },
		offered: func(o *Options) bool { return toggle(o) != nil },
	}
}

// entryOf returns the entry of an action.
func entryOf(action Action) entry {
	i := slices.IndexFunc(entries, func(e entry) bool { return e.action == action })
	if i < 0 || action == Nothing {
		return entry{}
	}
	return entries[i]
}

// Row is one row of the menu. Rows can be compared with ==.
type Row struct {
	// Text is what it says, without any escaping.
	Text string
	// Action is what choosing it does.
	Action Action
	// Profile is the profile that this is done to; empty for the current one.
	Profile string
	// Checked rows have a check mark.
	Checked bool
	// Disabled rows can be read and not chosen.
	Disabled bool
	// Hidden rows are not there.
	Hidden bool
}

// row is the row of an entry. It is hidden where there is no such action, and
// cannot be chosen while it is under way.
func (e entry) row(s viewInput) Row {
	r := Row{
		Checked:  e.checked != nil && e.checked(s),
		Disabled: e.do == nil && e.rows == nil || e.can != nil && !e.can(s) || s.busy[e.action],
		Hidden:   s.lacks[e.action] || e.shown != nil && !e.shown(s),
	}
	if e.do != nil {
		r.Action = e.action
	}
	if e.text != nil {
		r.Text = e.text(s)
	} else {
		r.Text = i18n.T("tray.row." + string(e.action))
	}
	if e.profile != nil {
		r.Profile = e.profile(s)
	}
	r.Hidden = r.Hidden || r.Text == ""
	return r
}
