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
	if err := followSession(ctx, a.iconRegistered, a.panelGone, end); err != nil {
		return err
	}

	overviews := o.Runtimes.Watch(ctx)
	a.apply(<-overviews)
	a.read()
	a.shown = view(a.viewInput)
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
	items [rows]*systray.MenuItem // nil for rows of submenus that are not filled
	shown [rows]Row
	click func(row int)
}

var _ toolkit = (*menu)(nil)

// newMenu builds the menu.
func newMenu(v View, click func(row int)) *menu {
	m := &menu{shown: v.Rows, click: click}
	m.setIcon(v.Icon, v.Style)
	m.setTooltip(v.Tooltip)
	for i, at := range entries {
		if at.parent == 0 || !tellsRegistration {
			m.add(i)
		} else if entries[i-1].parent != at.parent {
			m.attachSubmenu(at.parent)
		}
	}
	// On Windows a row that is hidden cannot get a submenu.
	for i, row := range v.Rows {
		if row.Hidden && m.items[i] != nil {
			m.items[i].Hide()
		}
	}
	return m
}

// setSubmenus fills the submenus, or empties them. They are to be filled once a
// panel has looked at the menu, and emptied when it is gone: libdbusmenu-gtk,
// which many panels use, asks for the rows of all levels at once, and loses
// those whose answer comes before that of the row they are under ("Children but
// no menu, someone's been naughty with their 'children-display' property").
// The toolkit prevents that for the first one who looks at the menu, and not
// for a panel that comes later.
func (m *menu) setSubmenus(filled bool) {
	for i, at := range entries {
		switch item := m.items[i]; {
		case at.parent == 0 || filled == (item != nil):
		case filled:
			m.add(i)
			if m.shown[i].Hidden {
				m.items[i].Hide()
			}
		default: // nobody can click on it now, which would be a race
			item.Remove()
			m.items[i] = nil
		}
	}
}

// attachSubmenu makes a row one with a submenu while there is nothing in it. Plasma
// looks for that when it sees a row for the first time, and never again; and the
// toolkit says it from the first row in the submenu on.
func (m *menu) attachSubmenu(i int) { m.items[i].AddSubMenuItem("", "").Remove() }

// add adds a row as it is to be shown. It has a goroutine of its own that hands
// on clicks, until the row is removed: the toolkit drops those that nobody is
// waiting for.
func (m *menu) add(i int) {
	item := m.addRow(entries[i], m.shown[i])
	m.items[i] = item
	if m.shown[i].Disabled {
		item.Disable()
	}
	go func() {
		for range item.ClickedCh {
			go m.click(i)
		}
	}()
}

// addRow adds a row at the end of the menu, or of a submenu.
func (m *menu) addRow(at entry, row Row) *systray.MenuItem {
	text := label(row.Text)
	if at.parent == 0 {
		if at.line {
			systray.AddSeparator()
		}
		return systray.AddMenuItem(text, "")
	}
	if at.checked != nil {
		return m.items[at.parent].AddSubMenuItemCheckbox(text, "", row.Checked)
	}
	return m.items[at.parent].AddSubMenuItem(text, "")
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
	if item == nil {
		m.shown[i] = row
		return
	}
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
