package tray

// Action is what a click asks for.
type Action uint8

// The actions. Nothing is the zero value: rows to read have it.
const (
	Nothing Action = iota
	Start
	Stop
	Restart
	StartWithoutGPU
	UndoUpdate
	KeepRunning
	CopyURL
	OpenColab
	Guide
	Check
	Select
	ShowLogs
	StartAtLogin
	StartAtOpen
	KeepURL
	StopOnQuit
	Notifications
	EditSettings
	DeleteContainer
	DeleteData
	ConfirmDelete
	ConfirmDeleteData
	Quit
	actions // their number
)

// slots is how many profiles the submenu Runtime has room for.
const slots = 24

// The rows of the menu, from top to bottom, and after them those of its
// submenus. The menu is built once with all of them; only their texts and marks
// change, and whether they are there and can be chosen.
const (
	rowStatus = iota
	rowHint
	rowHint2
	rowHint3
	rowHint4
	rowTrouble
	rowTrouble2
	rowTrouble3
	rowStartStop
	rowRestart
	rowWithoutGPU
	rowUndoUpdate
	rowKeepRunning
	rowCopyURL
	rowOpenColab
	rowGuide
	rowCheck
	rowRuntimes
	rowShowLogs
	rowSettings
	rowDelete
	rowAbout
	rowQuit

	rowProfile       // of Runtime
	rowMoreProfiles  = rowProfile + slots
	rowStartAtLogin  = rowMoreProfiles + 1 // of Settings
	rowStartAtOpen   = rowStartAtLogin + 1
	rowKeepURL       = rowStartAtOpen + 1
	rowStopOnQuit    = rowKeepURL + 1
	rowNotifications = rowStopOnQuit + 1
	rowEditSettings  = rowNotifications + 1

	rowDeleteContainer = rowEditSettings + 1 // of Delete
	rowDeleteData      = rowDeleteContainer + 1
	rowConfirmDelete   = rowDeleteData + 1

	rows = rowConfirmDelete + 1 // their number
)

// place is what never changes about a row.
type place struct {
	// under is the row whose submenu it is in. 0, which is no row with a
	// submenu, stands for the menu itself.
	under int
	// group tells that a line is drawn above it; not in submenus, because the
	// toolkit cannot take a line away again.
	group bool
	// mark tells that it can have a check mark.
	mark bool
}

// places are those of the rows. Each comes after the one it is under.
var places = func() (p [rows]place) {
	for _, row := range []int{rowStartStop, rowCopyURL, rowRuntimes, rowAbout} {
		p[row].group = true
	}
	for row := rowProfile; row <= rowMoreProfiles; row++ {
		p[row] = place{under: rowRuntimes, mark: row != rowMoreProfiles}
	}
	for row := rowStartAtLogin; row <= rowEditSettings; row++ {
		p[row] = place{under: rowSettings, mark: row != rowEditSettings}
	}
	for row := rowDeleteContainer; row <= rowConfirmDelete; row++ {
		p[row].under = rowDelete
	}
	return p
}()

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
