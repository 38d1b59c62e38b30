// Package tray owns what a person sees and clicks in the system tray: the icon,
// its tooltip and its menu.
//
// The view is a pure function of the runtime's snapshot (view). One goroutine
// (app) receives snapshots and clicks, compares the new view with the one on the
// screen, and passes the difference to the toolkit. Actions run on goroutines of
// their own.
//
// The package does not own notifications, the clipboard or the browser, which
// [Options] brings, nor anything of the runtime itself.
package tray

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"colabtray/assets"
	"colabtray/internal/colab"
	"colabtray/internal/i18n"
	"colabtray/internal/problem"
	"colabtray/internal/runtime"
)

// Runtimes is what the tray needs of the runtimes of all profiles.
// *[runtime.Fleet] implements it.
type Runtimes interface {
	Watch(ctx context.Context) <-chan runtime.Overview
	Start(ctx context.Context, profile string) error
	Stop(ctx context.Context, profile string) error
	Restart(ctx context.Context, profile string) error
	Logs(ctx context.Context, profile string, w io.Writer, options runtime.LogOptions) error
}

var _ Runtimes = (*runtime.Fleet)(nil)

// Toggle is a setting that is on or off.
type Toggle struct {
	// Get returns the setting in force, and must be quick. It is called again
	// when the menu is opened, after Set, and when the settings have changed.
	Get func() bool
	// Set changes the setting.
	Set func(on bool) error
}

// Options is what the tray works with. The fields up to Version are required. Of
// those from Style on, a nil one takes its row out of the menu, or is not called.
type Options struct {
	Runtimes Runtimes
	// Select makes a profile the current one, and remembers the choice.
	Select func(ctx context.Context, profile string) error
	// Copy puts a text into the clipboard. Its error must not contain the text.
	Copy func(ctx context.Context, text string) error
	// OpenURL opens a page in the default browser.
	OpenURL func(ctx context.Context, url string) error
	// OpenText opens a file in the default text viewer.
	OpenText func(ctx context.Context, path string) error
	// Check does with the runtime of a profile what Colab's page does.
	Check func(ctx context.Context, profile string) (colab.Report, error)
	// LogDir is a private directory for the files that are shown: the runtime's
	// output and the report of a check. It is made if necessary.
	LogDir string
	Log    *slog.Logger
	// Version is the version of the program.
	Version string

	// Style returns the style of the icons, one that assets.Icon takes. It is
	// called whenever the toggles are read; nil means assets.Colour.
	Style func() assets.Style
	// OpenJupyter opens the Jupyter page of a profile's runtime.
	OpenJupyter func(ctx context.Context, profile string) error
	// OpenTerminal opens a terminal in the runtime of a profile.
	OpenTerminal func(ctx context.Context, profile string) error
	// Kernels are the kernels of the runtimes.
	Kernels Kernels
	// GPU tells that this computer has a graphics card, whose memory kernels can hold.
	GPU bool
	// Recent has the notebooks that were opened last. The submenu with them needs
	// Guide, too.
	Recent *colab.Recent
	// Guide opens the guide to connecting.
	Guide func(ctx context.Context) error
	// Update recreates the runtime of a profile from its image's newest version, and
	// returns false where it was made from that already.
	Update func(ctx context.Context, profile string) (newer bool, err error)
	// UndoUpdate recreates the runtime of a profile from the image that it had
	// before its last update.
	UndoUpdate func(ctx context.Context, profile string) error
	// Act carries out an act for the runtime of a profile.
	Act func(ctx context.Context, profile string, act problem.Act) error
	// CanUndoDelete reports whether there is a backup from before a delete of a
	// profile's data. It must be quick.
	CanUndoDelete func(profile string) bool
	// HasData reports whether a profile has data.
	HasData func(ctx context.Context, profile string) (bool, error)
	// The toggles of the settings. KeepURL belongs to the current profile.
	StartAtLogin, StartAtOpen, KeepURL, StopOnQuit, Notifications *Toggle
	// AddFolder lets the person choose a folder and adds it to a profile. It returns
	// what there is to tell, "" when nothing was chosen.
	AddFolder func(ctx context.Context, profile string) (short, hint string, err error)
	// EditSettings opens the settings file in an editor.
	EditSettings func(ctx context.Context) error
	// SettingsChanged receives a value when the settings may have changed.
	SettingsChanged <-chan struct{}
	// Delete removes the container of a profile, and with data set its volume,
	// too. It returns the path of a backup of the data, "" when none was made.
	Delete func(ctx context.Context, profile string, data bool) (backup string, err error)
	// Lost returns the size, in bytes, of the files that only the container of a
	// profile has.
	Lost func(ctx context.Context, profile string) (int64, error)
	// DataSize returns the size of a profile's volume in bytes; negative when
	// the engine does not know it.
	DataSize func(ctx context.Context, profile string) (int64, error)
	// Quit runs once the person has chosen to quit. When it fails, the tray
	// says so and stays; choosing Quit again then ends the tray.
	Quit func(ctx context.Context) error
	// Announce is called for the changes of each runtime; a change that is
	// overtaken by a newer one is left out. It may block.
	Announce func(prev, next runtime.Snapshot)
	// ShowMessage shows the result of a click that only the menu would show, and
	// what is wrong with the settings: one line, a hint that can be empty, and
	// what can be done at a click. It may block.
	ShowMessage func(short, hint string, acts ...problem.Act)
	// Registered is called each time a tray has taken the icon.
	Registered func()
	// Requests are actions that are asked for outside of the menu: the buttons
	// of notifications do what the menu's rows do. Quit is never requested.
	Requests <-chan Request
}

// Request is an act for the runtime of a profile; an empty one is the current one.
type Request struct {
	Profile string
	Act     problem.Act
}

// toolkit is what app needs of the tray toolkit. Only app's goroutine calls it:
// the toolkit's menu has no lock.
type toolkit interface {
	setIcon(icon assets.State, style assets.Style)
	setTooltip(text string)
	setRow(i int, row Row)
	setMark(i int, checked bool)
	setSubmenus(filled bool)
}

// title is the program's name, as people see it.
const title = "Colab Tray"

// ErrNoPanel means that nothing on the desktop takes tray icons. [Run] works all
// the same: it waits for a panel to start.
var ErrNoPanel = errors.New("no tray on this desktop")

// primaryClick takes the place of a row's number for a click on the icon itself.
const primaryClick = -1

// Time limits of actions that the person cannot cancel.
const (
	copyTime  = 10 * time.Second
	openTime  = 30 * time.Second
	logsTime  = 30 * time.Second
	checkTime = 3 * time.Minute
	sizeTime  = time.Minute
)

// settleTime is how long a panel gets to read the menu for the first time, before
// the submenus are filled; see menu.setSubmenus.
const settleTime = time.Second

// app is the state of the goroutine between the runtimes and the toolkit.
type app struct {
	Options
	clicks    chan int
	panel     chan struct{} // signals that iconShown or panelLost has changed
	iconShown atomic.Bool   // a panel shows the icon
	panelLost atomic.Bool   // a panel has gone since run last looked
	opened    chan struct{}
	results   chan result
	empty     chan string   // profiles that have nothing to delete; see lookForData
	done      chan struct{} // closed once nobody receives clicks and results

	viewInput  viewInput
	shown      View
	choice     uint64 // grows whenever a pending confirmation becomes void
	quitFailed bool   // Options.Quit has failed
}

// result is the result of an action.
type result struct {
	action Action
	actionMessage
	pendingDelete pendingDelete // what a second choice deletes
	choice        uint64        // app.choice when the action started
}

func newApp(o Options) *app {
	a := &app{
		Options: o,
		clicks:  make(chan int),
		panel:   make(chan struct{}, 1),
		opened:  make(chan struct{}, 1),
		results: make(chan result),
		empty:   make(chan string),
		done:    make(chan struct{}),
	}
	a.viewInput.version, a.viewInput.style = o.Version, assets.Colour
	a.viewInput.gpu = o.GPU
	a.viewInput.busy, a.viewInput.lacks, a.viewInput.set = map[Action]bool{}, map[Action]bool{}, map[Action]bool{}
	for _, e := range entries {
		if e.offered != nil {
			a.viewInput.lacks[e.action] = !e.offered(&a.Options)
		}
	}
	for action, lacks := range a.lackingActs() {
		a.viewInput.lacks[action] = lacks
	}
	return a
}

// read reads the toggles, the style of the icons and the recent notebooks.
func (a *app) read() {
	if a.Style != nil {
		a.viewInput.style = a.Style()
	}
	if a.Recent != nil {
		a.viewInput.notebooks = a.Recent.List()
	}
	if current := a.viewInput.overview.Current; a.CanUndoDelete != nil && a.CanUndoDelete(current) {
		a.viewInput.undoable = current
	} else {
		a.viewInput.undoable = ""
	}
	for _, e := range entries {
		if e.toggle != nil && !a.viewInput.lacks[e.action] {
			a.viewInput.set[e.action] = e.toggle(&a.Options).Get()
		}
	}
}

// click passes a click to run. It can be called from any goroutine.
func (a *app) click(row int) {
	select {
	case a.clicks <- row:
	case <-a.done:
	}
}

// iconRegistered tells run that a panel shows the icon. It can be called from any
// goroutine.
func (a *app) iconRegistered() {
	a.iconShown.Store(true)
	signal(a.panel)
}

// panelGone tells run that the panel is gone. It can be called from any goroutine.
func (a *app) panelGone() {
	a.iconShown.Store(false)
	a.panelLost.Store(true)
	signal(a.panel)
}

// menuOpened tells run that the menu was opened. It can be called from any
// goroutine.
func (a *app) menuOpened() { signal(a.opened) }

func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default: // a signal is pending already
	}
}

// run updates the toolkit and starts the actions of clicks, until the person quits
// or ctx ends. The toolkit shows the app's first view already.
func (a *app) run(ctx context.Context, t toolkit, overviews <-chan runtime.Overview) {
	defer close(a.done)
	var settled <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case o, open := <-overviews:
			if !open {
				overviews = nil
				continue
			}
			before := a.viewInput.overview
			a.apply(o)
			a.lookForData(ctx, before)
		case profile := <-a.empty:
			a.viewInput.empty = profile
		case r := <-a.results:
			if a.finish(r) {
				return
			}
			a.show(t)
			a.tellMarks(t, r.action)
		case row := <-a.clicks:
			chosen := a.clickedRow(row)
			if chosen.Action == Quit && (a.Quit == nil || a.viewInput.busy[Quit] || a.quitFailed) {
				return
			}
			a.startAction(ctx, chosen)
		case r := <-a.Requests:
			a.startAction(ctx, Row{Action: Action(r.Act.Name), Act: r.Act, Profile: r.Profile})
		case <-a.opened:
			a.read()
		case <-a.SettingsChanged:
			a.read()
		case <-a.panel:
			if a.panelLost.Swap(false) {
				t.setSubmenus(false)
			}
			if !a.iconShown.Load() {
				continue
			}
			// The toolkit drops changes while it is connecting.
			t.setIcon(a.shown.Icon, a.shown.Style)
			t.setTooltip(a.shown.Tooltip)
			settled = time.After(settleTime)
			if a.Registered != nil {
				a.Registered()
			}
		case <-settled:
			if a.iconShown.Load() {
				t.setSubmenus(true)
			}
		}
		a.show(t)
	}
}

// apply takes over an overview. When the state changes, the message of the last
// action goes away. The message of a failure, and one marked stays, remains until
// the runtime is ready or has a problem.
func (a *app) apply(o runtime.Overview) {
	prev, now := a.viewInput.overview, o.Runtime()
	switch {
	case prev.Current != o.Current:
		a.viewInput.message = actionMessage{}
		a.cancelPending()
		a.viewInput.overview = o
		a.read()
	case prev.Runtime().State != now.State:
		a.cancelPending()
		if message := a.viewInput.message; !message.failed && !message.stays || now.State == runtime.Ready || now.Problem != nil {
			a.viewInput.message = actionMessage{}
		}
	}
	if p := o.Settings; p != nil && p != prev.Settings {
		a.showMessage(actionMessage{short: p.Short, hint: p.Hint, acts: p.Offers()})
	}
	a.viewInput.overview = o
}

// lookForData finds out whether there is something to delete, once the runtime of the
// current profile has no container.
func (a *app) lookForData(ctx context.Context, before runtime.Overview) {
	prev, now := before.Runtime(), a.viewInput.overview.Runtime()
	if prev.Profile == now.Profile && prev.State == now.State {
		return
	}
	a.viewInput.empty = ""
	if now.State != runtime.Absent || a.HasData == nil {
		return
	}
	go func() {
		has, err := a.HasData(ctx, now.Profile)
		if err != nil || has {
			return // or it is not known
		}
		select {
		case a.empty <- now.Profile:
		case <-a.done:
		}
	}()
}

// cancelPending voids a pending confirmation, also of an action that still runs.
func (a *app) cancelPending() {
	a.choice++
	a.viewInput.pendingDelete = pendingDelete{}
}

// finish takes over the result of an action, and reports whether the tray ends.
func (a *app) finish(r result) (ends bool) {
	a.viewInput.busy[r.action] = false
	if r.short != "" || a.viewInput.message.failed || a.viewInput.message.during == r.action {
		a.viewInput.message = r.actionMessage
	}
	if r.choice == a.choice {
		a.viewInput.pendingDelete = r.pendingDelete
	} else if r.pendingDelete != (pendingDelete{}) {
		a.viewInput.message = actionMessage{}
	}
	a.read()
	if r.action == Quit {
		a.quitFailed = r.failed
		return !r.failed
	}
	return false
}

// show passes to the toolkit what has changed since the view on the screen.
func (a *app) show(t toolkit) {
	next := view(a.viewInput)
	if next == a.shown {
		return
	}
	if next.Icon != a.shown.Icon || next.Style != a.shown.Style {
		t.setIcon(next.Icon, next.Style)
	}
	if next.Tooltip != a.shown.Tooltip {
		t.setTooltip(next.Tooltip)
	}
	for i, row := range next.Rows {
		if row != a.shown.Rows[i] {
			t.setRow(i, row)
		}
	}
	a.shown = next
}

// tellMarks tells the toolkit the check marks of an action's rows, even if they are as
// before. Some panels, such as Plasma's, turn over the mark of the row that is clicked,
// whatever comes of that: so a profile that is chosen again would lose its mark.
func (a *app) tellMarks(t toolkit, action Action) {
	for i, e := range entries {
		if e.checked != nil && e.action == action {
			t.setMark(i, a.shown.Rows[i].Checked)
		}
	}
}

// clickedRow returns the row that a click means in the view on the screen. It
// returns the zero Row for a disabled or hidden row: where the menu is slow, such a
// row can still be clicked.
func (a *app) clickedRow(row int) Row {
	if row == primaryClick {
		return Row{Action: a.shown.Primary}
	}
	if r := a.shown.Rows[row]; !r.Disabled && !r.Hidden {
		return r
	}
	return Row{}
}

// startAction starts the action of a row, unless the action is under way.
func (a *app) startAction(ctx context.Context, chosen Row) {
	action := chosen.Action
	do := a.actionFor(chosen)
	if do == nil || a.viewInput.busy[action] {
		return
	}
	a.cancelPending()
	e := entryOf(action)
	a.viewInput.message = actionMessage{during: action}
	a.viewInput.message.short = chosen.Act.Asked()
	if e.progressText {
		a.viewInput.message.short = i18n.T("tray.meanwhile." + string(action))
	}
	a.viewInput.busy[action] = !e.again
	choice := a.choice
	go func() {
		r := do(ctx)
		r.action, r.choice = action, choice
		select {
		case a.results <- r:
		case <-a.done:
		}
	}()
}
