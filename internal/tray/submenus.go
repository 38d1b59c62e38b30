package tray

import (
	"fmt"
	"slices"

	"colabtray/internal/runtime"
	"colabtray/internal/words"
)

// listed are the profiles that the submenu Runtime has room for, and how many more
// there are. The current one is always listed.
func listed(o runtime.Overview) (all []runtime.Snapshot, more int) {
	all = slices.Clone(o.Runtimes)
	more = max(0, len(all)-slots)
	if i := slices.IndexFunc(all, func(r runtime.Snapshot) bool { return r.Profile == o.Current }); i >= slots {
		all[slots-1] = all[i]
	}
	return all[:len(all)-more], more
}

// profileEntry is a row of the submenu Runtime: a profile, with a mark at the
// current one.
func profileEntry(i int) entry {
	of := func(s scene) (r runtime.Snapshot, there bool) {
		if i < len(s.listed) {
			return s.listed[i], true
		}
		return r, false
	}
	return entry{
		action: selectProfile,
		do:     (*app).selectProfile,
		text: func(s scene) string {
			if r, there := of(s); there {
				return cut(oneLine(inShort(r)), maxRow)
			}
			return ""
		},
		profile: func(s scene) string { r, _ := of(s); return r.Profile },
		checked: func(s scene) bool { r, there := of(s); return there && r.Profile == s.overview.Current },
	}
}

func moreProfiles(s scene) string {
	if s.unlisted == 0 {
		return ""
	}
	return words.Say("tray.row.moreProfiles", "count", s.unlisted)
}

// inShort tells the state of a runtime behind the name of its profile. What is
// the same for all is said above.
func inShort(s runtime.Snapshot) string {
	state := s.Say(runtime.WordShort)
	if state == "" {
		return s.Profile
	}
	return s.Profile + ": " + state
}

func deleteContainerText(s scene) string {
	if asksFirst(s.now) {
		return words.Say("tray.row.deleteContainerAsking")
	}
	return words.Say("tray.row.deleteContainer")
}

// asksFirst reports whether more than the container may go with it.
func asksFirst(s runtime.Snapshot) bool { return s.Container != "" && (!s.Ours || s.Unsaved != "") }

func armedProfile(s scene) string { return s.armed.profile }

// confirmation is the row whose choice deletes; it is there once a first choice
// was made.
func confirmation(s scene) string {
	if s.armed == (armed{}) {
		return ""
	}
	return s.armed.confirmation()
}

func (a armed) confirmation() string {
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
