package tray

import (
	"fmt"
	"slices"

	"colabtray/internal/runtime"
	"colabtray/internal/words"
)

// listRuntimes fills the submenu Runtime: a row for each profile, with a mark
// at the current one. What there is no room for is said, and is never the
// current one.
func (s scene) listRuntimes(v *View) {
	listed := slices.Clone(s.overview.Runtimes)
	more := max(0, len(listed)-slots)
	if i := slices.IndexFunc(listed, func(r runtime.Snapshot) bool { return r.Profile == s.overview.Current }); i >= slots {
		listed[slots-1] = listed[i]
	}
	listed = listed[:len(listed)-more]
	v.Rows[rowRuntimes] = Row{Text: words.Say("tray.row.runtimes"), Hidden: len(listed) == 0}
	for i := range slots {
		v.Rows[rowProfile+i] = Row{Hidden: true, Disabled: true}
		if i < len(listed) {
			r := listed[i]
			row := s.row(cut(oneLine(inShort(r)), maxRow), Select, true)
			row.Profile, row.Checked = r.Profile, r.Profile == s.overview.Current
			v.Rows[rowProfile+i] = row
		}
	}
	v.Rows[rowMoreProfiles] = Row{
		Text: words.Say("tray.row.moreProfiles", "count", more), Disabled: true, Hidden: more == 0,
	}
}

// inShort tells the state of a runtime behind the name of its profile. What is
// the same for all is said above.
func inShort(s runtime.Snapshot) string {
	var state string
	switch s.State {
	case runtime.Absent:
		state = words.Say("tray.short.absent")
	case runtime.Pulling:
		state = words.Say("tray.short.pulling")
	case runtime.Stopped:
		state = words.Say("tray.short.stopped")
	case runtime.Starting:
		state = words.Say("tray.short.starting")
	case runtime.Ready:
		state = words.Say("tray.short.ready", "port", s.Port)
	case runtime.Unhealthy:
		state = words.Say("tray.short.unhealthy")
	case runtime.Stopping:
		state = words.Say("tray.short.stopping")
	case runtime.Failed:
		state = words.Say("tray.short.failed")
	default:
		return s.Profile
	}
	return s.Profile + ": " + state
}

// listSettings fills the submenu Settings.
func (s scene) listSettings(v *View) {
	v.Rows[rowSettings] = Row{Text: words.Say("tray.row.settings"), Hidden: true}
	for row, r := range map[int]Row{
		rowStartAtLogin:  s.row(words.Say("tray.row.startAtLogin"), StartAtLogin, true),
		rowStartAtOpen:   s.row(words.Say("tray.row.startAtOpen"), StartAtOpen, true),
		rowKeepURL:       s.row(words.Say("tray.row.keepURL"), KeepURL, true),
		rowStopOnQuit:    s.row(words.Say("tray.row.stopOnQuit"), StopOnQuit, true),
		rowNotifications: s.row(words.Say("tray.row.notifications"), Notifications, true),
		rowEditSettings:  s.row(words.Say("tray.row.editSettings"), EditSettings, true),
	} {
		r.Checked = s.set[r.Action]
		v.Rows[row] = r
		if !r.Hidden {
			v.Rows[rowSettings].Hidden = false
		}
	}
}

// listDelete fills the submenu Delete. Deleting data takes two choices, of
// which the second tells how much it is.
func (s scene) listDelete(v *View, state runtime.State) {
	data := state == runtime.Absent || canDelete(state)
	v.Rows[rowDelete] = Row{Text: words.Say("tray.row.delete"), Disabled: !data, Hidden: !s.offered[DeleteContainer] && !s.offered[DeleteData]}
	text := words.Say("tray.row.deleteContainer")
	if asksFirst(s.overview.Runtime()) {
		text = words.Say("tray.row.deleteContainerAsking")
	}
	v.Rows[rowDeleteContainer] = s.row(text, DeleteContainer, canDelete(state) && !s.busy[ConfirmDelete])
	v.Rows[rowDeleteData] = s.row(words.Say("tray.row.deleteData"), DeleteData, data && !s.busy[ConfirmDeleteData])
	confirm := s.row("", ConfirmDeleteData, data)
	if s.armed.container {
		confirm = s.row("", ConfirmDelete, canDelete(state))
	}
	confirm.Hidden = confirm.Hidden || s.armed == armed{}
	if !confirm.Hidden {
		confirm.Text, confirm.Profile = confirmation(s.armed), s.armed.profile
	}
	v.Rows[rowConfirmDelete] = confirm
}

// asksFirst reports whether more than the container may go with it.
func asksFirst(s runtime.Snapshot) bool { return s.Container != "" && (!s.Ours || s.Unsaved != "") }

// canDelete reports whether there may be a container that nothing is being done
// to.
func canDelete(s runtime.State) bool {
	switch s {
	case runtime.Stopped, runtime.Ready, runtime.Unhealthy, runtime.Failed:
		return true
	default:
		return false
	}
}

// confirmation is the row whose choice deletes data.
func confirmation(a armed) string {
	switch {
	case a.container && a.size == 0:
		return words.Say("tray.row.confirmContainer")
	case a.container:
		return words.Say("tray.row.confirmContainerSaving", "amount", amount(a.size))
	case a.size < 0:
		return words.Say("tray.row.confirmUnknown")
	case a.size == 0:
		return words.Say("tray.row.confirmNothing")
	}
	return words.Say("tray.row.confirm", "amount", amount(a.size))
}

// amount puts a number of bytes into words.
func amount(bytes int64) string {
	const kilo, mega, giga = 1e3, 1e6, 1e9
	switch {
	case bytes >= giga:
		return words.Decimal(float64(bytes)/giga) + " GB"
	case bytes >= mega:
		return fmt.Sprintf("%d MB", bytes/mega)
	default:
		return fmt.Sprintf("%d kB", (bytes+kilo-1)/kilo)
	}
}
