package desktop

import (
	"context"
	"errors"
	"fmt"
	"image"
	"slices"
	"strconv"
	"strings"

	"github.com/godbus/dbus/v5"

	"colabtray/assets"
)

// Row is a row of a program's menu, as a panel reads it.
type Row struct {
	Label     string
	Enabled   bool
	Checked   bool
	Separator bool
	Rows      []Row // the rows of its submenu
}

// Registered waits until the tray has taken the icon of a process, and returns the name
// of the process's connection to the bus.
func (s *Session) Registered(ctx context.Context, pid int) (owner string, err error) {
	err = waitFor(ctx, "the icon to be registered", func() error {
		watcher := s.bus.Object(watcherName, "/StatusNotifierWatcher")
		items, err := watcher.GetProperty(watcherName + ".RegisteredStatusNotifierItems")
		if err != nil {
			return err
		}
		names, _ := items.Value().([]string)
		for _, name := range names {
			owner, _, _ = strings.Cut(name, "/")
			var owned uint32
			if s.bus.BusObject().Call("org.freedesktop.DBus.GetConnectionUnixProcessID", 0, owner).Store(&owned) == nil && int(owned) == pid {
				return nil
			}
		}
		return fmt.Errorf("the tray has %q", names)
	})
	return owner, err
}

// Rows returns the menu of a process as read from the bus, without hidden rows.
func (s *Session) Rows(ctx context.Context, pid int) ([]Row, error) {
	owner, err := s.Registered(ctx, pid)
	if err != nil {
		return nil, err
	}
	var revision uint32
	var root layout
	call := s.bus.Object(owner, "/StatusNotifierItem/menu").
		Call("com.canonical.dbusmenu.GetLayout", 0, int32(0), int32(-1), []string{})
	if err := call.Store(&revision, &root); err != nil {
		return nil, err
	}
	return root.rows()
}

// layout is a row in the format of the bus.
type layout struct {
	ID       int32
	Props    map[string]dbus.Variant
	Children []dbus.Variant
}

// rows returns the rows of a row's submenu, or of the menu itself.
func (l layout) rows() ([]Row, error) {
	var rows []Row
	for _, child := range l.Children {
		var l layout
		if err := dbus.Store([]any{child.Value()}, &l); err != nil {
			return nil, err
		}
		visible, set := l.Props["visible"].Value().(bool)
		if set && !visible {
			continue
		}
		kind, _ := l.Props["type"].Value().(string)
		text, _ := l.Props["label"].Value().(string)
		enabled, set := l.Props["enabled"].Value().(bool)
		checked, _ := l.Props["toggle-state"].Value().(int32)
		under, err := l.rows()
		if err != nil {
			return nil, err
		}
		rows = append(rows, Row{
			Label:     strings.ReplaceAll(text, "__", "_"),
			Enabled:   enabled || !set,
			Checked:   checked == 1,
			Separator: kind == "separator",
			Rows:      under,
		})
	}
	return rows, nil
}

// Status waits until is accepts the first row in the menu of a process.
func (s *Session) Status(ctx context.Context, pid int, is func(text string) bool) error {
	return waitFor(ctx, "the status in the menu", func() error {
		rows, err := s.Rows(ctx, pid)
		if err == nil && (len(rows) == 0 || !is(rows[0].Label)) {
			err = fmt.Errorf("the menu is %+v", rows)
		}
		return err
	})
}

// ClickIcon clicks on the icon, which must be that of the state.
func (s *Session) ClickIcon(ctx context.Context, state assets.State) error {
	return s.press(ctx, state, 1)
}

// OpenMenu opens the menu of the icon, which must be that of the state, and returns the
// place of the menu.
func (s *Session) OpenMenu(ctx context.Context, state assets.State) (image.Rectangle, error) {
	if err := s.press(ctx, state, 3); err != nil {
		return image.Rectangle{}, err
	}
	return s.menu(ctx)
}

// trayProcess is the name of the process in which the panel runs the tray.
const trayProcess = "wrapper-2.0"

// menu waits for the window of the menu.
func (s *Session) menu(ctx context.Context) (image.Rectangle, error) {
	return s.Window(ctx, trayProcess, func(r image.Rectangle) bool { return r.Dx() < 1000 && r.Dy() > 2*panelHeight })
}

// Submenu waits for the window of a submenu, and returns its place.
func (s *Session) Submenu(ctx context.Context, menu image.Rectangle) (image.Rectangle, error) {
	return s.Window(ctx, trayProcess, func(r image.Rectangle) bool { return r != menu && r.Dx() < 1000 && r.Dy() > panelHeight && r.Min.Y > 0 })
}

func (s *Session) press(ctx context.Context, state assets.State, button int) error {
	where, err := s.Icon(ctx, state)
	if err != nil {
		return err
	}
	if err := s.MoveMouse(ctx, where.Min.Add(where.Size().Div(2))); err != nil {
		return err
	}
	_, err = s.Run(ctx, "xdotool", "click", strconv.Itoa(button))
	return err
}

// MoveMouse moves the mouse. It does not use xdotool's --sync, which waits 15 seconds if
// the mouse is there already.
func (s *Session) MoveMouse(ctx context.Context, to image.Point) error {
	_, err := s.Run(ctx, "xdotool", "mousemove", strconv.Itoa(to.X), strconv.Itoa(to.Y))
	return err
}

// Tooltip waits for the tooltip of the icon below the mouse, and returns its place.
func (s *Session) Tooltip(ctx context.Context) (image.Rectangle, error) {
	return s.Window(ctx, trayProcess, func(r image.Rectangle) bool { return r.Dx() > panelHeight && r.Dy() < 2*panelHeight && r.Min.Y > 0 })
}

// Choose opens the menu and chooses a row with the keyboard; see [Session.Point].
func (s *Session) Choose(ctx context.Context, pid int, state assets.State, path ...string) error {
	if _, err := s.OpenMenu(ctx, state); err != nil {
		return err
	}
	if err := s.Point(ctx, pid, path...); err != nil {
		return err
	}
	_, err := s.Run(ctx, "xdotool", "key", "Return")
	return err
}

// readings is how often the tray has answered since the rows are as they are, when it has
// read the rows for sure: each answer comes after what it was told before.
const readings = 5

// Point waits for a row of the menu that has just been opened, and selects it with the
// keyboard. path has the labels of the rows whose submenus lead to the row, and then the
// label of the row. A label can be shortened to the part before a colon.
func (s *Session) Point(ctx context.Context, pid int, path ...string) error {
	var keys []string
	same := 0
	err := waitFor(ctx, "a row of the menu", func() error {
		before := keys
		rows, err := s.Rows(ctx, pid)
		if err == nil {
			keys, err = keysTo(rows, path)
		}
		if same++; err != nil || !slices.Equal(keys, before) {
			same = 0
		}
		if err == nil && same < readings {
			err = errors.New("the rows have just changed")
		}
		return err
	})
	if err != nil {
		return err
	}
	_, err = s.Run(ctx, "xdotool", append([]string{"key", "--delay", "50"}, keys...)...)
	return err
}

// keysTo returns the keys that select a row.
func keysTo(rows []Row, path []string) (keys []string, err error) {
	for n, label := range path {
		rows = slices.DeleteFunc(rows, func(r Row) bool { return r.Separator || !r.Enabled })
		i := slices.IndexFunc(rows, func(r Row) bool { return r.Label == label || strings.HasPrefix(r.Label, label+":") })
		if i < 0 {
			return nil, fmt.Errorf("no row %q can be chosen among %+v", label, rows)
		}
		downs := i + 1
		if n > 0 { // opening a submenu selects its first row
			keys = append(keys, "Right")
			downs = i
		}
		keys = append(keys, slices.Repeat([]string{"Down"}, downs)...)
		rows = rows[i].Rows
	}
	return keys, nil
}

// Clipboard waits until the clipboard contains a text, and returns that text.
func (s *Session) Clipboard(ctx context.Context) (text string, err error) {
	err = waitFor(ctx, "the clipboard", func() error {
		text, err = s.Run(ctx, "xclip", "-o", "-selection", "clipboard")
		if err == nil && text == "" {
			err = errors.New("it is empty")
		}
		return err
	})
	return text, err
}
