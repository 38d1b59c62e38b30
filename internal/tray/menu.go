package tray

import (
	"context"
	"slices"

	"colabtray/internal/colab"
	"colabtray/internal/i18n"
	"colabtray/internal/problem"
	"colabtray/internal/runtime"
)

// Action names what a click asks for. The text of its row has the key
// tray.row.NAME.
type Action string

// The actions that notifications ask for, too, or that the code refers to by name.
// Nothing is the action of rows that can only be read.
const (
	Nothing   Action = ""
	Start     Action = "start"
	Stop      Action = "stop"
	Restart   Action = "restart"
	CopyURL   Action = "copyURL"
	OpenColab Action = "openColab"
	ShowLogs  Action = "showLogs"
	Update    Action = "update"
	Quit      Action = "quit"

	tell              Action = "tell"
	selectProfile     Action = "select"
	cancelDelete      Action = "cancelDelete"
	confirmDelete     Action = "confirmDelete"
	confirmDeleteData Action = "confirmDeleteData"
)

// entry defines one row of the menu. The order of the table is the order of the
// rows.
type entry struct {
	// action is the action of the row. Each row has an action of its own; only
	// the rows of the profiles share theirs.
	action Action
	// do returns the function that carries out the action. A row with neither do
	// nor a submenu can only be read.
	do func(a *app, on target) actionFunc
	// text returns the text of the row; nil means the text tray.row.NAME. A row
	// with an empty text is hidden.
	text func(s viewInput) string
	// can reports whether the row can be chosen; nil means always.
	can func(s viewInput) bool
	// shown reports whether the row is visible; nil means always.
	shown func(s viewInput) bool
	// offered reports whether the options have what the action needs; nil means
	// always.
	offered func(o *Options) bool
	// act returns what a row does that does one thing or another; the zero value
	// while it can only be read.
	act func(s viewInput) problem.Act
	// profile returns the profile that the action applies to; nil means the
	// current one.
	profile func(s viewInput) string
	// checked reports whether the row has a check mark; nil means that it never
	// has one.
	checked func(s viewInput) bool
	// toggle returns the setting that the row switches; nil for other rows.
	toggle func(o *Options) *Toggle
	// progressText shows the text tray.meanwhile.NAME while the action is under
	// way. It is for actions whose progress nothing else shows.
	progressText bool
	// again lets the action be chosen while it is under way: the row follows the
	// state of the runtime, and the runtime handles a repeated request.
	again bool
	// line draws a line above the row. It has no effect in submenus, because the
	// toolkit cannot remove a line again.
	line bool
	// rows are the rows of the submenu.
	rows []entry

	// parent is the number of the row whose submenu contains this row. 0 stands
	// for the menu itself; row 0 has no submenu.
	parent int
}

// target is what an action applies to.
type target struct {
	profile string
	now     runtime.Snapshot
	checked bool // the row had a check mark when it was chosen
	act     problem.Act
}

// rows is the number of rows that a view has room for. A test checks that all
// entries fit.
const rows = 77

// maxProfileRows is the number of profiles that the submenu Runtime has room for.
const maxProfileRows = 24

// toldRows is the number of rows below the status. They are always there, so that the
// rows below them never move under the pointer.
const toldRows = 4

// entries are the rows of the menu from top to bottom. The rows of a submenu follow
// the row that opens it. The menu is built once with all rows; later only their
// texts and check marks change, and whether they are hidden or disabled.
var entries = numbered(nil, 0, slices.Concat(
	[]entry{{text: func(s viewInput) string { return cut(s.short, maxRow) }}},
	each(toldRows, func(i int) entry {
		return entry{text: func(s viewInput) string { return s.told[i].text }, act: func(s viewInput) problem.Act { return s.told[i].act }}
	}),
	[]entry{
		{action: Start, do: (*app).start, again: true, line: true, can: in(func(s runtime.State) bool { return s.CanStart() || s.CanContinue() }), text: startText},
		{action: Stop, do: (*app).stop, again: true, can: in(runtime.State.CanStop)},
		{action: Restart, do: (*app).restart, again: true, can: in(runtime.State.CanRestart), text: restartText},
		{
			action: Update, do: (*app).update, text: updateText,
			can:     func(s viewInput) bool { return s.now.Ours && s.now.Engine.Features.Update && s.now.State.CanUpdate() },
			offered: func(o *Options) bool { return o.Update != nil },
		},
		{
			action: "undoUpdate", do: (*app).undoUpdate, can: func(s viewInput) bool { return s.now.PreviousImage && s.now.State.CanUpdate() },
			offered: func(o *Options) bool { return o.UndoUpdate != nil },
		},
		{action: CopyURL, do: (*app).copyURL, line: true, can: in(runtime.State.CanConnect)},
		{action: OpenColab, do: (*app).openColab},
		{action: "newNotebook", do: (*app).newNotebook},
		{action: "notebooks", offered: offersNotebooks, rows: slices.Concat(
			[]entry{{action: "openNotebook", do: (*app).openGuide, offered: offersNotebooks}},
			each(colab.MaxRecent, notebookEntry),
			[]entry{{
				action: "forgetNotebooks", do: (*app).forgetNotebooks, offered: offersNotebooks,
				shown: func(s viewInput) bool { return len(s.notebooks) > 0 },
			}},
		)},
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
			[]entry{
				{text: moreProfiles},
				{
					action: "stopAll", do: (*app).stopAll, can: func(s viewInput) bool { return len(stoppable(s.overview)) > 0 },
					shown: func(s viewInput) bool { return len(s.overview.Runtimes) > 1 },
				},
			},
		)},
		{
			action: "openTerminal", do: (*app).openTerminal,
			can:     func(s viewInput) bool { return s.now.Engine.Features.Shell && s.now.State.CanShell() },
			offered: func(o *Options) bool { return o.OpenTerminal != nil },
		},
		{
			action: "free", do: (*app).free, text: freeText, can: in(runtime.State.CanConnect),
			shown:        func(s viewInput) bool { return s.now.Engine.Features.IdleStop },
			offered:      func(o *Options) bool { return o.Kernels != nil },
			progressText: true,
		},
		{action: ShowLogs, do: (*app).showLogs, can: in(runtime.State.CanReadLogs)},
		{action: "settings", rows: []entry{
			switching("startAtLogin", func(o *Options) *Toggle { return o.StartAtLogin }),
			switching("startAtOpen", func(o *Options) *Toggle { return o.StartAtOpen }),
			switching("keepURL", func(o *Options) *Toggle { return o.KeepURL }),
			switching("stopOnQuit", func(o *Options) *Toggle { return o.StopOnQuit }),
			switching("notifications", func(o *Options) *Toggle { return o.Notifications }),
			{
				action: "addFolder", do: (*app).addFolder,
				shown:   func(s viewInput) bool { return s.now.Engine.Elsewhere() == "" && !s.now.Engine.Features.Cluster }, // another machine's cannot be chosen here
				offered: func(o *Options) bool { return o.AddFolder != nil },
			},
			{action: "editSettings", do: (*app).editSettings, offered: func(o *Options) bool { return o.EditSettings != nil }},
		}},
		{action: "delete", can: func(s viewInput) bool { return s.now.State.CanDeleteData() && !s.nothingThere() }, rows: []entry{
			{
				action: "deleteContainer", do: (*app).deleteContainer, text: deleteContainerText,
				can:          func(s viewInput) bool { return s.now.State.CanDelete() && !s.busy[confirmDelete] },
				offered:      func(o *Options) bool { return o.Delete != nil && o.Lost != nil },
				progressText: true,
			},
			{
				action: "deleteData", do: (*app).deleteData,
				can: func(s viewInput) bool {
					return s.now.State.CanDeleteData() && !s.nothingThere() && !s.busy[confirmDeleteData]
				},
				shown:        func(s viewInput) bool { return s.now.Engine.Features.Data },
				offered:      func(o *Options) bool { return o.Delete != nil && o.DataSize != nil },
				progressText: true,
			},
			{
				action: confirmDelete, do: (*app).confirmDelete, text: confirmDeleteText,
				can: in(runtime.State.CanDelete), shown: func(s viewInput) bool { return s.pendingDelete.container }, profile: pendingProfile,
				progressText: true,
			},
			{
				action: confirmDeleteData, do: (*app).confirmDeleteData, text: confirmDeleteText,
				can: in(runtime.State.CanDeleteData), shown: func(s viewInput) bool { return !s.pendingDelete.container }, profile: pendingProfile,
				progressText: true,
			},
			{action: cancelDelete, do: (*app).cancelDelete, shown: func(s viewInput) bool { return s.pendingDelete != (pendingDelete{}) }},
		}},
		{text: about, line: true},
		{action: Quit, do: (*app).quit, text: quitText, progressText: true},
	},
))

// numbered appends entries to before in the order of the menu's rows, those of a
// submenu after the row that opens it, and sets their parents.
func numbered(before []entry, parent int, more []entry) []entry {
	for _, e := range more {
		e.parent = parent
		number := len(before)
		before = numbered(append(before, e), number, e.rows)
	}
	return before
}

// each returns the entries that newEntry makes for 0 to count-1.
func each(count int, newEntry func(i int) entry) (all []entry) {
	for i := range count {
		all = append(all, newEntry(i))
	}
	return all
}

// in returns a condition that depends on the state alone.
func in(possible func(runtime.State) bool) func(viewInput) bool {
	return func(s viewInput) bool { return possible(s.now.State) }
}

// switching returns the entry of a setting that is on or off.
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

// entryOf returns the first entry of an action, the zero entry if there is none.
func entryOf(action Action) entry {
	i := slices.IndexFunc(entries, func(e entry) bool { return e.action == action })
	if i < 0 || action == Nothing {
		return entry{}
	}
	return entries[i]
}

// Row is one row of the menu. Rows can be compared with ==.
type Row struct {
	// Text is the text of the row, without any escaping.
	Text string
	// Action is the action of the row.
	Action Action
	// Act is what the action is about, where it is an act.
	Act problem.Act
	// Profile is the profile that the action applies to; empty for the current one.
	Profile string
	// Checked rows have a check mark.
	Checked bool
	// Disabled rows can be read but not chosen.
	Disabled bool
	// Hidden rows are not visible.
	Hidden bool
}

// row returns the row of an entry. The row is hidden where its action is not
// offered, and disabled while its action is under way.
func (e entry) row(s viewInput) Row {
	r := Row{
		Checked:  e.checked != nil && e.checked(s),
		Disabled: e.do == nil && e.rows == nil || e.can != nil && !e.can(s) || s.busy[e.action],
		Hidden:   s.lacks[e.action] || e.shown != nil && !e.shown(s),
	}
	if e.do != nil {
		r.Action = e.action
	}
	if e.act != nil {
		r.Act = e.act(s)
		r.Action = Action(r.Act.Name)
		r.Disabled = r.Action == Nothing || s.busy[r.Action]
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
