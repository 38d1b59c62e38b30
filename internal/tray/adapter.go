//go:build !darwin || cgo

package tray

import (
	"context"
	"errors"

	"fyne.io/systray"

	"colabtray/assets"
)

// errSessionEnded is the cause when the tray ends with the desktop session.
var errSessionEnded = errors.New("the desktop session has ended")

// Run shows the tray until the person quits, ctx ends or the desktop session
// ends; none of these stops the runtime. It returns an error when there is no
// desktop session. The toolkit requires that Run is called from the main
// goroutine, and only once in a program.
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

	// The title and the click handler cannot be changed once the toolkit runs.
	// Without a title a panel would take the icon for a new one at each start.
	systray.SetTitle(title)
	if clickActs {
		systray.SetOnTapped(func() { go a.click(primaryClick) })
	}
	// The toolkit panics if the session ends before the toolkit is connected.
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

// menu is a view in the toolkit.
type menu struct {
	items [rows]*systray.MenuItem // nil for rows of submenus that are empty for now
	shown [rows]Row
	click func(row int)
}

var _ toolkit = (*menu)(nil)

// newMenu builds the menu. A click on a row calls click with its number.
func newMenu(v View, click func(row int)) *menu {
	m := &menu{shown: v.Rows, click: click}
	m.setIcon(v.Icon, v.Style)
	m.setTooltip(v.Tooltip)
	for i, e := range entries {
		if e.parent == 0 || !tellsRegistration {
			m.add(i)
		} else if entries[i-1].parent != e.parent {
			m.attachSubmenu(e.parent)
		}
	}
	// Rows are hidden last: on Windows a hidden row cannot get a submenu.
	for i, row := range v.Rows {
		if row.Hidden && m.items[i] != nil {
			m.items[i].Hide()
		}
	}
	return m
}

// setSubmenus fills or empties the submenus. Fill them once a panel has read the
// menu, and empty them when the panel is gone: libdbusmenu-gtk, which many panels
// use, asks for the rows of all levels at once. It loses the rows of a submenu if
// their answer comes before that of the row above them ("Children but no menu,
// someone's been naughty with their 'children-display' property"). The toolkit
// prevents that for the first panel that reads the menu, not for later ones.
func (m *menu) setSubmenus(filled bool) {
	for i, e := range entries {
		switch item := m.items[i]; {
		case e.parent == 0 || filled == (item != nil):
		case filled:
			m.add(i)
			if m.shown[i].Hidden {
				m.items[i].Hide()
			}
		default: // a click would race with Remove, but no panel shows the row now
			item.Remove()
			m.items[i] = nil
		}
	}
}

// attachSubmenu gives a row an empty submenu. Plasma reads whether a row has a
// submenu only when it sees the row for the first time, and the toolkit announces
// the submenu with the first row in it.
func (m *menu) attachSubmenu(i int) { m.items[i].AddSubMenuItem("", "").Remove() }

// add adds a row to the toolkit's menu. A goroutine hands on its clicks until the
// row is removed: the toolkit drops a click that nobody waits for.
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

// addRow adds a row at the end of the menu or of its submenu.
func (m *menu) addRow(e entry, row Row) *systray.MenuItem {
	text := label(row.Text)
	if e.parent == 0 {
		if e.line {
			systray.AddSeparator()
		}
		return systray.AddMenuItem(text, "")
	}
	if e.checked != nil {
		return m.items[e.parent].AddSubMenuItemCheckbox(text, "", row.Checked)
	}
	return m.items[e.parent].AddSubMenuItem(text, "")
}

func (m *menu) setIcon(icon assets.State, style assets.Style) {
	bytes := iconBytes(icon, style)
	systray.SetTemplateIcon(bytes, bytes)
}

func (m *menu) setTooltip(text string) { systray.SetTooltip(text) }

// setMark tells the toolkit a mark, also one that has not changed.
func (m *menu) setMark(i int, checked bool) {
	item := m.items[i]
	if item == nil || m.shown[i].Hidden {
		return
	}
	if checked {
		item.Check()
	} else {
		item.Uncheck()
	}
}

// setRow tells the toolkit what has changed in a row. A row that stays hidden is
// left as it is, and a hidden row is shown last: on Windows any other change shows
// a hidden row.
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
