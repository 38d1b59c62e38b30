package tray

import (
	"fmt"
	"slices"

	"colabtray/internal/i18n"
	"colabtray/internal/runtime"
)

// listed are the profiles that the submenu Runtime has room for, and how many more
// there are. The current one is always listed.
func listed(o runtime.Overview) (all []runtime.Snapshot, more int) {
	all = slices.Clone(o.Runtimes)
	more = max(0, len(all)-maxProfileRows)
	if i := slices.IndexFunc(all, func(r runtime.Snapshot) bool { return r.Profile == o.Current }); i >= maxProfileRows {
		all[maxProfileRows-1] = all[i]
	}
	return all[:len(all)-more], more
}

// profileEntry is a row of the submenu Runtime: a profile, with a mark at the
// current one.
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
				return cut(oneLine(shortState(r)), maxRow)
			}
			return ""
		},
		profile: func(s viewInput) string { r, _ := of(s); return r.Profile },
		checked: func(s viewInput) bool { r, there := of(s); return there && r.Profile == s.overview.Current },
	}
}

func moreProfiles(s viewInput) string {
	if s.unlisted == 0 {
		return ""
	}
	return i18n.T("tray.row.moreProfiles", "count", s.unlisted)
}

// shortState tells the state of a runtime behind the name of its profile. What is
// the same for all is said above.
func shortState(s runtime.Snapshot) string {
	state := s.Say(runtime.WordShort)
	if state == "" {
		return s.Profile
	}
	return s.Profile + ": " + state
}

func deleteContainerText(s viewInput) string {
	if needsConfirmation(s.now) {
		return i18n.T("tray.row.deleteContainerAsking")
	}
	return i18n.T("tray.row.deleteContainer")
}

// needsConfirmation reports whether more than the container may go with it.
func needsConfirmation(s runtime.Snapshot) bool {
	return s.Container != "" && (!s.Ours || s.Unsaved != "")
}

func armedProfile(s viewInput) string { return s.pendingDelete.profile }

// confirmDeleteText is the row whose choice deletes; it is there once a first choice
// was made.
func confirmDeleteText(s viewInput) string {
	if s.pendingDelete == (pendingDelete{}) {
		return ""
	}
	return s.pendingDelete.confirmDeleteText()
}

func (a pendingDelete) confirmDeleteText() string {
	switch {
	case a.container && a.size == 0:
		return i18n.T("tray.row.confirmContainer")
	case a.container:
		return i18n.T("tray.row.confirmContainerSaving", "amount", amount(a.size))
	case a.size < 0:
		return i18n.T("tray.row.confirmUnknown")
	case a.size == 0:
		return i18n.T("tray.row.confirmNothing")
	}
	return i18n.T("tray.row.confirm", "amount", amount(a.size))
}

// amount puts a number of bytes into words.
func amount(bytes int64) string {
	const kilo, mega, giga = 1e3, 1e6, 1e9
	switch {
	case bytes >= giga:
		return i18n.Decimal(float64(bytes)/giga) + " GB"
	case bytes >= mega:
		return fmt.Sprintf("%d MB", bytes/mega)
	default:
		return fmt.Sprintf("%d kB", (bytes+kilo-1)/kilo)
	}
}
