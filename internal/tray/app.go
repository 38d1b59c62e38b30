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
	"time"

	"colabtray/assets"
	"colabtray/internal/runtime"
)

// Runtime is what the tray needs of a runtime; *[runtime.Manager] is one.
type Runtime interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
	Restart(ctx context.Context) error
	Watch(ctx context.Context) <-chan runtime.Snapshot
	Logs(ctx context.Context, w io.Writer, options runtime.LogOptions) error
}

var _ Runtime = (*runtime.Manager)(nil)

// Options is what the tray works with. All but Tell, Announce, Registered and
// Requests are needed.
type Options struct {
	Runtime Runtime
	// Copy puts a text into the clipboard. Its error must not hold the text.
	Copy func(ctx context.Context, text string) error
	// OpenURL opens a page in the default browser.
	OpenURL func(ctx context.Context, url string) error
	// OpenText opens a file in the default text viewer.
	OpenText func(ctx context.Context, path string) error
	// Check tries what Colab's page does. The verdict is one line; the report
	// has the steps. Neither holds the token.
	Check func(ctx context.Context) (verdict, report string, err error)
	// Announce is told each change, newest wins, and may take its time.
	Announce func(prev, next runtime.Snapshot)
	// Tell is told what a click of the person's came to where nothing but the
	// menu would show it, and may take its time: one line, and a hint that can
	// be empty.
	Tell func(short, hint string)
	// LogDir is a directory of the person's own for the files that are shown:
	// the runtime's output and the report of a check. It is made if need be.
	LogDir string
	Log    *slog.Logger
	// Registered is called each time that the icon has been put into a tray.
	Registered func()
	// Requests are actions that are asked for elsewhere: the buttons of
	// notifications do what the menu's rows do. Quit is none of them.
	Requests <-chan Action
}

// toolkit is what the app needs of the tray toolkit. Only the app's goroutine
// calls it: the toolkit's menu has no lock.
type toolkit interface {
	setIcon(icon assets.State)
	setTooltip(text string)
	setRow(i int, row Row)
}

// title is the program's name, as people see it.
const title = "Colab Tray"

// ErrNoPanel tells that nothing on the desktop takes tray icons. [Run] waits
// for something that does: a panel may come later.
var ErrNoPanel = errors.New("no tray on this desktop")

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
)

// colabPage is the page that connects to the runtime.
const colabPage = "https://colab.research.google.com/"

// app is the goroutine between the runtime and the toolkit.
type app struct {
	Options
	clicks     chan int
	registered chan struct{}
	results    chan result
	over       chan struct{} // closed when nobody takes clicks and results any more

	scene scene
	shown View
}

// result is the end of an action.
type result struct {
	action Action
	outcome
}

func newApp(o Options) *app {
	return &app{
		Options:    o,
		clicks:     make(chan int),
		registered: make(chan struct{}, 1),
		results:    make(chan result),
		over:       make(chan struct{}),
	}
}

// click hands on a click, from any goroutine.
func (a *app) click(row int) {
	select {
	case a.clicks <- row:
	case <-a.over:
	}
}

// iconRegistered says that a tray has taken the icon, from any goroutine.
func (a *app) iconRegistered() {
	select {
	case a.registered <- struct{}{}:
	default: // it is to be told of one already
	}
}

// run shows what is so and does what is clicked, until the person quits or ctx
// ends. The toolkit shows the app's first view already.
func (a *app) run(ctx context.Context, t toolkit, snapshots <-chan runtime.Snapshot) {
	defer close(a.over)
	for {
		select {
		case <-ctx.Done():
			return
		case s, open := <-snapshots:
			if !open {
				snapshots = nil
				continue
			}
			a.take(s)
		case r := <-a.results:
			a.scene.busy[r.action] = false
			if r.short != "" {
				a.scene.said = r.outcome
			}
		case row := <-a.clicks:
			action := a.chosen(row)
			if action == Quit {
				return
			}
			a.begin(ctx, action)
		case action := <-a.Requests:
			a.begin(ctx, action)
		case <-a.registered:
			// What changed while the toolkit was connecting went nowhere.
			t.setIcon(a.shown.Icon)
			t.setTooltip(a.shown.Tooltip)
			if a.Registered != nil {
				a.Registered()
			}
		}
		a.show(t)
	}
}

// take takes in a snapshot. With another state, what the last action said is
// of the past.
func (a *app) take(s runtime.Snapshot) {
	if s.State != a.scene.snapshot.State {
		a.scene.said = outcome{}
	}
	a.scene.snapshot = s
}

// show tells the toolkit what is to be seen and is not yet.
func (a *app) show(t toolkit) {
	next := view(a.scene)
	if next == a.shown {
		return
	}
	if next.Icon != a.shown.Icon {
		t.setIcon(next.Icon)
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

// chosen is what a click means with what is shown: the person clicked on that.
// A row may be chosen after it was disabled, where the menu was slow.
func (a *app) chosen(row int) Action {
	if row == primaryClick {
		return a.shown.Primary
	}
	if r := a.shown.Rows[row]; !r.Disabled && !r.Hidden {
		return r.Action
	}
	return Nothing
}

// begin starts what was asked for, unless it is under way.
func (a *app) begin(ctx context.Context, action Action) {
	do := a.deed(action)
	if do == nil || a.scene.busy[action] {
		return
	}
	a.scene.said = outcome{}
	if action == Check {
		a.scene.said.short = "Checking the connection…"
	}
	// The rows of Start, Stop and Restart follow the state of the runtime, and
	// the runtime knows what to do with a second one.
	a.scene.busy[action] = action != Start && action != Stop && action != Restart
	go func() {
		r := result{action, do(ctx)}
		select {
		case a.results <- r:
		case <-a.over:
		}
	}()
}
