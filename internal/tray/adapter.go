//go:build !darwin || cgo

package tray

import (
	"context"
	"errors"

	"fyne.io/systray"

	"colabtray/assets"
	"colabtray/internal/runtime"
)

// Run shows the tray until the person quits, ctx ends or the desktop session
// does; none of these stops the runtime. It returns an error when there is no
// session to show it in. It must be called from the main goroutine, once in a
// program: so the toolkit wants it.
func Run(ctx context.Context, o Options) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	a := newApp(o)
	if err := followSession(ctx, a.iconRegistered, end); err != nil {
		return err
	}

	snapshots := o.Runtime.Watch(ctx)
	a.take(<-snapshots)
	a.shown = view(a.scene)
	if o.Announce != nil {
		go announce(o.Runtime.Watch(ctx), o.Announce)
	}

	// Both are fixed once the toolkit runs. Without a title the icon would be
	// another one for the panel at each start.
	systray.SetTitle(title)
	if clickActs {
		systray.SetOnTapped(func() { go a.click(primaryClick) })
	}
	// The toolkit panics if the session ended before it was connected itself.
	defer func() {
		if r := recover(); r != nil && ctx.Err() == nil {
			panic(r)
		}
	}()
	systray.Run(func() {
		m := newMenu(a.shown, a.click)
		go func() {
			defer systray.Quit()
			a.run(ctx, m, snapshots)
			if cause := context.Cause(ctx); errors.Is(cause, errSessionEnded) {
				o.Log.Info("the tray ends", "because", cause)
			}
		}()
		if !tellsRegistration {
			a.iconRegistered()
		}
	}, nil)
	return nil
}

// announce tells each change. It has a watch of its own, so that one who takes
// his time delays nothing.
func announce(snapshots <-chan runtime.Snapshot, tell func(prev, next runtime.Snapshot)) {
	var prev runtime.Snapshot
	for next := range snapshots {
		tell(prev, next)
		prev = next
	}
}

// menu is the toolkit's side of a view.
type menu struct {
	items [rows]*systray.MenuItem
	shown [rows]Row
}

var _ toolkit = (*menu)(nil)

// newMenu builds the menu. Each row has a goroutine of its own that hands on
// clicks: the toolkit drops those that nobody is waiting for.
func newMenu(v View, click func(row int)) *menu {
	m := &menu{shown: v.Rows}
	m.setIcon(v.Icon)
	m.setTooltip(v.Tooltip)
	for i, row := range v.Rows {
		if startsGroup[i] {
			systray.AddSeparator()
		}
		item := systray.AddMenuItem(label(row.Text), "")
		m.items[i] = item
		if row.Disabled {
			item.Disable()
		}
		if row.Hidden {
			item.Hide()
		}
		go func() {
			for range item.ClickedCh {
				go click(i)
			}
		}()
	}
	return m
}

func (m *menu) setIcon(icon assets.State) {
	bytes := iconBytes(icon)
	systray.SetTemplateIcon(bytes, bytes)
}

func (m *menu) setTooltip(text string) { systray.SetTooltip(text) }

// setRow changes what has changed of a row. Whether it is hidden comes last:
// on Windows any other change shows a hidden row.
func (m *menu) setRow(i int, row Row) {
	item, was := m.items[i], m.shown[i]
	m.shown[i] = row
	if row.Hidden && was.Hidden {
		return
	}
	if row.Text != was.Text {
		item.SetTitle(label(row.Text))
	}
	switch {
	case row.Disabled && !was.Disabled:
		item.Disable()
	case !row.Disabled && was.Disabled:
		item.Enable()
	}
	switch {
	case row.Hidden:
		item.Hide()
	case was.Hidden:
		item.Show()
	}
}
