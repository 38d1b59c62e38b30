package tray

import (
	"fmt"
	"slices"

	"colabtray/internal/i18n"
	"colabtray/internal/runtime"
)

// listed returns the profiles that the submenu Runtime has room for, and the number
// of those left out. The current profile is always listed.
func listed(o runtime.Overview) (all []runtime.Snapshot, more int) {
	all = slices.Clone(o.Runtimes)
	more = max(0, len(all)-maxProfileRows)
	if i := slices.IndexFunc(all, func(r runtime.Snapshot) bool { return r.Profile == o.Current }); i >= maxProfileRows {
		all[maxProfileRows-1] = all[i]
	}
	return all[:len(all)-more], more
}

// profileEntry returns the entry of the profile at index i in the submenu Runtime.
// The current profile has a check mark.
func profileEntry(i int) entry {
	of := func(s viewInput) (r runtime.Snapshot, there bool) {
		if i < len(s.listed) {
			return s.listed[i], true
		}
		return r, false
	}
	return entry{
		action: selectProfile,
		do:     (*app).selectProfile,
		text: func(s viewInput) string {
			if r, there := of(s); there {
				return cut(oneLine(shortState(r, s.now)), maxProfileRow)
			}
			return ""
		},
		profile: func(s viewInput) string { r, _ := of(s); return r.Profile },
		checked: func(s viewInput) bool { r, there := of(s); return there && r.Profile == s.overview.Current },
	}
}

// notebookEntry returns the entry of the recent notebook at index i.
func notebookEntry(i int) entry {
	return entry{
		action: Action(fmt.Sprint("notebook", i)),
		do: func(a *app, _ target) actionFunc {
			if i >= len(a.viewInput.notebooks) {
				return nil // forgotten meanwhile
			}
			return a.openPage(a.viewInput.notebooks[i].URL)
		},
		text: func(s viewInput) string {
			if i >= len(s.notebooks) {
				return ""
			}
			return cut(oneLine(s.notebooks[i].Name), maxRow)
		},
	}
}

func offersNotebooks(o *Options) bool { return o.Recent != nil && o.Guide != nil }

func moreProfiles(s viewInput) string {
	if s.unlisted == 0 {
		return ""
	}
	return i18n.T("tray.row.moreProfiles", "count", s.unlisted)
}

// maxProfileRow is the longest text of a profile's row, in UTF-16 units. Who chooses one
// wants to read it all.
const maxProfileRow = 104

// shortState returns the name of a profile, the state of its runtime, and what a built-in
// profile is. A state that it shares with the current one, such as a missing engine, is left
// out: the status at the top says it.
func shortState(s, current runtime.Snapshot) string {
	state, about := s.Say(runtime.WordShort), s.About()
	if s.State == runtime.NoEngine && s.Engine.Host != current.Engine.Host {
		state = s.Say(runtime.WordSince)
	}
	switch {
	case about != "" && (state == "" || s.State == runtime.Absent):
		return i18n.Named(s.Profile, s.WithMachine(about))
	case about != "":
		return i18n.Named(s.Profile, state+" ("+about+")")
	case state == "":
		return s.Profile
	default:
		return i18n.Named(s.Profile, state)
	}
}

func deleteContainerText(s viewInput) string {
	if needsConfirmation(s.now) {
		return i18n.T("tray.row.deleteContainerAsking")
	}
	return i18n.T("tray.row.deleteContainer")
}

// needsConfirmation reports whether files may be lost with the container.
func needsConfirmation(s runtime.Snapshot) bool {
	return s.Container != "" && (!s.Ours || s.Unsaved != "")
}

func pendingProfile(s viewInput) string { return s.pendingDelete.profile }

// confirmDeleteText returns the text of the row that confirms a delete, "" while
// there is nothing to confirm.
func confirmDeleteText(s viewInput) string {
	if s.pendingDelete == (pendingDelete{}) {
		return ""
	}
	return s.pendingDelete.confirmDeleteText()
}

// nothingThere reports whether there is nothing to delete.
func (s viewInput) nothingThere() bool {
	return s.now.State == runtime.Absent && s.empty != "" && s.empty == s.now.Profile
}

func (a pendingDelete) confirmDeleteText() string {
	switch {
	case a.container && a.size == 0:
		return i18n.T("tray.row.confirmContainer")
	case a.container:
		return i18n.T("tray.row.confirmContainerSaving", "amount", i18n.Bytes(a.size))
	case a.size < 0:
		return i18n.T("tray.row.confirmUnknown")
	case a.size == 0:
		return i18n.T("tray.row.confirmNothing")
	}
	return i18n.T("tray.row.confirm", "amount", i18n.Bytes(a.size))
}
