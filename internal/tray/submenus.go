package tray

import (
	"fmt"
	"slices"

	"colabtray/internal/runtime"
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
	v.Rows[rowRuntimes] = Row{Text: "Runtime", Hidden: len(listed) == 0}
	for i := range slots {
		v.Rows[rowProfile+i] = Row{Hidden: true, Disabled: true}
		if i < len(listed) {
			r := listed[i]
			row := s.row(cut(oneLine(r.Profile+inShort(r)), maxRow), Select, true)
			row.Profile, row.Checked = r.Profile, r.Profile == s.overview.Current
			v.Rows[rowProfile+i] = row
		}
	}
	v.Rows[rowMoreProfiles] = Row{
		Text: fmt.Sprintf("%d more in the settings file", more), Disabled: true, Hidden: more == 0,
	}
}

// inShort tells the state of a runtime behind its name.
func inShort(s runtime.Snapshot) string {
	switch s.State {
	case runtime.Absent:
		return ": not started yet"
	case runtime.Pulling:
		return ": pulling the image"
	case runtime.Stopped:
		return ": stopped"
	case runtime.Starting:
		return ": starting"
	case runtime.Ready:
		return fmt.Sprintf(": ready on port %d", s.Port)
	case runtime.Unhealthy:
		return ": does not answer"
	case runtime.Stopping:
		return ": stopping"
	case runtime.Failed:
		return ": failed"
	default: // the same for all, and said above
		return ""
	}
}

// listSettings fills the submenu Settings.
func (s scene) listSettings(v *View) {
	v.Rows[rowSettings] = Row{Text: "Settings", Hidden: true}
	for row, r := range map[int]Row{
		rowStartAtLogin:  s.row("Start at login", StartAtLogin, true),
		rowStartAtOpen:   s.row("Start the runtime when the program opens", StartAtOpen, true),
		rowKeepURL:       s.row("Keep the same Backend URL", KeepURL, true),
		rowStopOnQuit:    s.row("Stop the runtime on quit", StopOnQuit, true),
		rowNotifications: s.row("Notifications", Notifications, true),
		rowEditSettings:  s.row("Edit settings…", EditSettings, true),
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
	v.Rows[rowDelete] = Row{Text: "Delete", Disabled: !data, Hidden: !s.offered[DeleteContainer] && !s.offered[DeleteData]}
	v.Rows[rowDeleteContainer] = s.row("Delete container, keep data", DeleteContainer, canDelete(state))
	v.Rows[rowDeleteData] = s.row("Delete container and data…", DeleteData, data && !s.busy[ConfirmDeleteData])
	confirm := s.row("", ConfirmDeleteData, data)
	confirm.Hidden = confirm.Hidden || s.armed == armed{}
	if !confirm.Hidden {
		confirm.Text, confirm.Profile = confirmation(s.armed), s.armed.profile
	}
	v.Rows[rowConfirmDelete] = confirm
}

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
	case a.size < 0:
		return "Yes, delete all notebooks and files"
	case a.size == 0:
		return "Yes, delete it; there are no notebooks and files"
	}
	return fmt.Sprintf("Yes, delete %s of notebooks and files", amount(a.size))
}

// amount puts a number of bytes into words.
func amount(bytes int64) string {
	const kilo, mega, giga = 1e3, 1e6, 1e9
	switch {
	case bytes >= giga:
		return fmt.Sprintf("%.1f GB", float64(bytes)/giga)
	case bytes >= mega:
		return fmt.Sprintf("%d MB", bytes/mega)
	default:
		return fmt.Sprintf("%d kB", (bytes+kilo-1)/kilo)
	}
}
