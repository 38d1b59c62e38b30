// Package tray owns what a person sees and clicks in the system tray: the icon,
// its tooltip and its menu.
//
// What is seen is a pure function of the runtime's snapshot (view). One
// goroutine (app) takes snapshots and clicks, compares what is to be seen with
// what is, and tells the toolkit the difference. What a click asks for runs
// outside of it.
//
// The package does not own notifications, the clipboard or the browser, which
// are handed to it, nor anything of the runtime itself.
package tray

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"colabtray/assets"
	"colabtray/internal/i18n"
	"colabtray/internal/runtime"
)

// Runtimes is what the tray needs of the runtimes of all profiles;
// *[runtime.Fleet] is one.
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
	// Get tells what is really set, and is quick. It is asked again when the
	// menu is opened, after Set, and when the settings have changed.
	Get func() bool
	// Set changes it.
	Set func(on bool) error
}

// Options is what the tray works with. What is nil from Style on is not in the
// menu, or is not told.
type Options struct {
	Runtimes Runtimes
	// Select makes a profile the current one, and remembers it.
	Select func(ctx context.Context, profile string) error
	// Copy puts a text into the clipboard. Its error must not hold the text.
	Copy func(ctx context.Context, text string) error
	// OpenURL opens a page in the default browser.
	OpenURL func(ctx context.Context, url string) error
	// OpenText opens a file in the default text viewer.
	OpenText func(ctx context.Context, path string) error
	// Check tries what Colab's page does with the runtime of a profile. The
	// verdict is one line; the report has the steps. Neither holds the token.
	Check func(ctx context.Context, profile string) (verdict, report string, err error)
	// LogDir is a directory of the person's own for the files that are shown:
	// the runtime's output and the report of a check. It is made if need be.
	LogDir string
	Log    *slog.Logger
	// Version is that of the program.
	Version string

	// Style is how the icons are to look, one that assets.Icon takes. It is
	// asked as the toggles are; nil is assets.Colour.
	Style func() assets.Style
	// OpenJupyter opens the page of the Jupyter of a profile's runtime.
	OpenJupyter func(ctx context.Context, profile string) error
	// Guide opens the guide to connecting.
	Guide func(ctx context.Context) error
	// StartWithoutGPU starts the runtime of a profile without the GPU that its
	// settings ask for.
	StartWithoutGPU func(ctx context.Context, profile string) error
	// UndoUpdate makes the runtime of a profile anew from the image from before
	// its last update.
	UndoUpdate func(ctx context.Context, profile string) error
	// KeepRunning counts as a use of the runtime of a profile, which would be
	// stopped soon.
	KeepRunning func(profile string)
	// The toggles of the settings. KeepURL is that of the current profile.
	StartAtLogin, StartAtOpen, KeepURL, StopOnQuit, Notifications *Toggle
	// EditSettings opens the settings file in an editor.
	EditSettings func(ctx context.Context) error
	// SettingsChanged tells that toggles may be set otherwise.
	SettingsChanged <-chan struct{}
	// Delete removes the container of a profile, and with data its volume. It
	// returns the file with a backup of the data, empty when none was made.
	Delete func(ctx context.Context, profile string, data bool) (backup string, err error)
	// Lost tells how many bytes of files the container of a profile alone has.
	Lost func(ctx context.Context, profile string) (int64, error)
	// DataSize tells how big the volume of a profile is, in bytes; negative
	// when the engine cannot tell.
	DataSize func(ctx context.Context, profile string) (int64, error)
	// Quit is what is to be done once the person has chosen to quit. When it
	// fails, the tray says so and stays; choosing it again then ends it.
	Quit func(ctx context.Context) error
	// Announce is told each change of a runtime, newest wins, and may take its
	// time.
	Announce func(prev, next runtime.Snapshot)
	// ShowMessage is told what a click of the person's came to where nothing but the
	// menu would show it, and what is wrong with the settings, and may take its
	// time: one line, and a hint that can be empty.
	ShowMessage func(short, hint string)
	// Registered is called each time that the icon has been put into a tray.
	Registered func()
	// Requests are actions that are asked for elsewhere: the buttons of
	// notifications do what the menu's rows do. Quit is none of them.
	Requests <-chan Request
}

// Request is an action on the runtime of a profile.
type Request struct {
	Profile string
	Action  Action
}

// toolkit is what the app needs of the tray toolkit. Only the app's goroutine
// calls it: the toolkit's menu has no lock.
type toolkit interface {
	setIcon(icon assets.State, style assets.Style)
	setTooltip(text string)
	setRow(i int, row Row)
	setSubmenus(filled bool)
}

// title is the program's name, as people see it.
const title = "Colab Tray"

// ErrNoPanel tells that nothing on the desktop takes tray icons. [Run] waits
// for something that does: a panel may come later.
var ErrNoPanel = errors.New("no tray on this desktop")

// trayError is why no icon can be shown, by the name of its text: it says itself in
// the language in use.
type trayError string

func (m trayError) Error() string { return i18n.T("tray.missing." + string(m)) }

// errSessionEnded is why the tray ends when the desktop session does.
var errSessionEnded = errors.New("the desktop session has ended")

// primaryClick stands for a click on the icon where a row's number would.
const primaryClick = -1

// How long things may take that nobody can cancel.
const (
	copyTime  = 10 * time.Second
	openTime  = 30 * time.Second
	logsTime  = 30 * time.Second
	checkTime = 3 * time.Minute
	sizeTime  = time.Minute
)

// settleTime is how long a panel gets to look at the menu for the first time,
// before there is anything in its submenus; see menu.setSubmenus.
const settleTime = time.Second

// colabPage is the page that connects to the runtime.
const colabPage = "https://colab.research.google.com/"

// app is the goroutine between the runtimes and the toolkit.
type app struct {
	Options
	clicks    chan int
	panel     chan struct{} // it has taken the icon, or is gone
	iconShown atomic.Bool   // it is there
	lost      atomic.Bool   // it was gone since this was looked at last
	opened    chan struct{}
	results   chan result
	done      chan struct{} // closed when nobody takes clicks and results any more

	viewInput  viewInput
	shown      View
	choice     uint64 // counts what was chosen and what changed its meaning
	quitFailed bool   // what was to be done before quitting failed
}

// result is the end of an action.
type result struct {
	action Action
	actionMessage
	pendingDelete pendingDelete // what is to be chosen once more
	choice        uint64        // unless something came in between
}

func newApp(o Options) *app {
	a := &app{
		Options: o,
		clicks:  make(chan int),
		panel:   make(chan struct{}, 1),
		opened:  make(chan struct{}, 1),
		results: make(chan result),
		done:    make(chan struct{}),
	}
	a.viewInput.version, a.viewInput.style = o.Version, assets.Colour
	a.viewInput.busy, a.viewInput.lacks, a.viewInput.set = map[Action]bool{}, map[Action]bool{}, map[Action]bool{}
	for _, e := range entries {
		if e.offered != nil {
			a.viewInput.lacks[e.action] = !e.offered(&a.Options)
		}
	}
	return a
}

// read takes in what the toggles are really set to, and how icons are to look.
func (a *app) read() {
	if a.Style != nil {
		a.viewInput.style = a.Style()
	}
	for _, e := range entries {
		if e.toggle != nil && !a.viewInput.lacks[e.action] {
			a.viewInput.set[e.action] = e.toggle(&a.Options).Get()
		}
	}
}

// click hands on a click, from any goroutine.
func (a *app) click(row int) {
	select {
	case a.clicks <- row:
	case <-a.done:
	}
}

// iconRegistered says that a tray has taken the icon, from any goroutine.
func (a *app) iconRegistered() {
	a.iconShown.Store(true)
	signal(a.panel)
}

// panelGone says that the tray is gone, from any goroutine.
func (a *app) panelGone() {
	a.iconShown.Store(false)
	a.lost.Store(true)
	signal(a.panel)
}

// menuOpened says that the person looks at the menu, from any goroutine.
func (a *app) menuOpened() { signal(a.opened) }

func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default: // it is to be told already
	}
}

// run shows what is so and does what is clicked, until the person quits or ctx
// ends. The toolkit shows the app's first view already.
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
			a.apply(o)
		case r := <-a.results:
			if a.finish(r) {
				return
			}
		case row := <-a.clicks:
			chosen := a.clickedRow(row)
			if chosen.Action == Quit && (a.Quit == nil || a.viewInput.busy[Quit] || a.quitFailed) {
				return
			}
			a.startAction(ctx, chosen)
		case r := <-a.Requests:
			a.startAction(ctx, Row{Action: r.Action, Profile: r.Profile})
		case <-a.opened:
			a.read()
		case <-a.SettingsChanged:
			a.read()
		case <-a.panel:
			if a.lost.Swap(false) {
				t.setSubmenus(false)
			}
			if !a.iconShown.Load() {
				continue
			}
			// What changed while the toolkit was connecting went nowhere.
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

// apply takes in an overview. With another state, what the last action said is
// of the past, unless it failed: that is said until there is something better
// or worse to say.
func (a *app) apply(o runtime.Overview) {
	was, now := a.viewInput.overview, o.Runtime()
	switch before := was.Runtime(); {
	case was.Current != o.Current:
		a.viewInput.message = actionMessage{}
		a.cancelPending()
		a.viewInput.overview = o
		a.read()
	case before.State != now.State:
		a.cancelPending()
		if message := a.viewInput.message; !message.failed && !message.stays || now.State == runtime.Ready || now.Problem != nil {
			a.viewInput.message = actionMessage{}
		}
	}
	if p := o.Settings; p != nil && p != was.Settings {
		a.showMessage(actionMessage{short: p.Short, hint: p.Hint})
	}
	a.viewInput.overview = o
}

// cancelPending takes back what was to be chosen once more.
func (a *app) cancelPending() {
	a.choice++
	a.viewInput.pendingDelete = pendingDelete{}
}

// finish takes in the end of an action, and reports whether the tray ends by it.
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

// show tells the toolkit what is to be seen and is not yet.
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

// clickedRow is the row that a click means with what is shown: the person clicked
// on that. A row may be chosen after it was disabled, where the menu was slow.
func (a *app) clickedRow(row int) Row {
	if row == primaryClick {
		return Row{Action: a.shown.Primary}
	}
	if r := a.shown.Rows[row]; !r.Disabled && !r.Hidden {
		return r
	}
	return Row{}
}

// startAction starts what was asked for, unless it is under way.
func (a *app) startAction(ctx context.Context, chosen Row) {
	action := chosen.Action
	do := a.actionFor(chosen)
	if do == nil || a.viewInput.busy[action] {
		return
	}
	a.cancelPending()
	e := entryOf(action)
	a.viewInput.message = actionMessage{during: action}
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
