//go:build !darwin || cgo

package tray

import (
	"context"
	"errors"

	"fyne.io/systray"

	"colabtray/assets"
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

	overviews := o.Runtimes.Watch(ctx)
	a.take(<-overviews)
	a.read()
	a.shown = view(a.scene)
	if o.Announce != nil {
		go announce(o.Runtimes.Watch(ctx), o.Announce)
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
			a.run(ctx, m, overviews)
			if cause := context.Cause(ctx); errors.Is(cause, errSessionEnded) {
				o.Log.Info("the tray ends", "because", cause)
			}
		}()
		go func() {
			for range systray.TrayOpenedCh {
				a.menuOpened()
			}
		}()
		if !tellsRegistration {
			a.iconRegistered()
		}
	}, nil)
	return nil
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
	m.setIcon(v.Icon, v.Style)
	m.setTooltip(v.Tooltip)
	for i, row := range v.Rows {
		item := m.add(places[i], row)
		m.items[i] = item
		if row.Disabled {
			item.Disable()
		}
		go func() {
			for range item.ClickedCh {
				go click(i)
			}
		}()
	}
	// On Windows a row that is hidden cannot get a submenu.
	for i, row := range v.Rows {
		if row.Hidden {
			m.items[i].Hide()
		}
	}
	return m
}

// add adds a row at the end of the menu, or of a submenu.
func (m *menu) add(at place, row Row) *systray.MenuItem {
	text := label(row.Text)
	if at.under == 0 {
		if at.group {
			systray.AddSeparator()
		}
		return systray.AddMenuItem(text, "")
	}
	under := m.items[at.under]
	if at.group {
		under.AddSeparator()
	}
	if at.mark {
		return under.AddSubMenuItemCheckbox(text, "", row.Checked)
	}
	return under.AddSubMenuItem(text, "")
}

func (m *menu) setIcon(icon assets.State, style assets.Style) {
	bytes := iconBytes(icon, style)
	systray.SetTemplateIcon(bytes, bytes)
}

func (m *menu) setTooltip(text string) { systray.SetTooltip(text) }

// setRow changes what has changed of a row. Whether it is hidden comes last:
// on Windows any other change shows a hidden row. One that is hidden and stays
// so keeps what it had.
func (m *menu) setRow(i int, row Row) {
	item, was := m.items[i], m.shown[i]
	if row.Hidden && was.Hidden {
		return
	}
	if row.Hidden {
		m.shown[i].Hidden = true
		item.Hide()
		return
	}
	m.shown[i] = row
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
	case row.Checked && !was.Checked:
		item.Check()
	case !row.Checked && was.Checked:
		item.Uncheck()
	}
	if was.Hidden {
		item.Show()
	}
}
