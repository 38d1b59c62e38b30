package tray

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/color"
	"image/png"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"colabtray/assets"
	"colabtray/internal/runtime"
	"colabtray/test/testenv"
)

// The toolkit runs once in a process and wants its main goroutine: the tests
// here run the tray in a child, which is this program with childVariable set.
const childVariable = "TRAY_TEST_CHILD"

func init() {
	if os.Getenv(childVariable) != "" {
		if err := child(); err != nil {
			fmt.Println("failed:", err)
			os.Exit(1)
		}
		fmt.Println("ended")
		os.Exit(0)
	}
}

// child shows a tray whose runtime has the states that come on standard input,
// and prints what happens.
func child() error {
	return Run(context.Background(), childOptions())
}

// childOptions have some rows in every submenu.
func childOptions() Options {
	kept := false
	return Options{
		Runtimes:   scripted{},
		Log:        slog.Default(),
		Registered: func() { fmt.Println("registered") },
		Version:    "1.2.3",
		Select: func(_ context.Context, profile string) error {
			fmt.Println("asked to select", profile)
			return nil
		},
		KeepURL: &Toggle{Get: func() bool { return kept }, Set: func(on bool) error { kept = on; return nil }},
		Delete: func(_ context.Context, profile string, data bool) (string, error) {
			fmt.Println("asked to delete", profile, data)
			return "", nil
		},
		Lost:     func(context.Context, string) (int64, error) { return 0, nil },
		DataSize: func(context.Context, string) (int64, error) { return 1_300_000_000, nil },
	}
}

// scripted is a runtime that does what standard input says.
type scripted struct{ Runtimes }

func (scripted) Start(context.Context, string) error {
	fmt.Println("asked to start")
	return nil
}

func (scripted) Watch(ctx context.Context) <-chan runtime.Overview {
	c := make(chan runtime.Overview, 1)
	c <- seen(snapshot(runtime.Stopped))
	go func() {
		lines := bufio.NewScanner(os.Stdin)
		for lines.Scan() {
			if current, err := strconv.Atoi(lines.Text()); err == nil {
				c <- stoppedFleet(current)
			}
			for _, s := range runtime.States() {
				if s.String() == lines.Text() {
					c <- seen(snapshot(s))
				}
			}
		}
	}()
	return c
}

// stoppedFleet has some profiles, of which one is current.
func stoppedFleet(current int) runtime.Overview {
	o := fleet(5, current)
	for i := range o.Runtimes {
		o.Runtimes[i].State = runtime.Stopped
		o.Runtimes[i].Problem = nil
	}
	return o
}

// bus is a session bus of the test's own.
type bus struct {
	t       *testing.T
	address string
	process *os.Process
	conn    *dbus.Conn
}

func newBus(t *testing.T) *bus {
	t.Helper()
	testenv.NeedCommand(t, "dbus-daemon")
	dir, err := os.MkdirTemp("/tmp", "bus") // short enough for a socket
	if err != nil {
		t.Fatal(err)
	}
	b := &bus{t: t, address: "unix:path=" + dir + "/bus"}
	daemon := exec.Command("dbus-daemon", "--session", "--nofork", "--nopidfile", "--address="+b.address)
	daemon.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	b.process = daemon.Process
	t.Cleanup(func() {
		if b.conn != nil {
			_ = b.conn.Close()
		}
		_ = syscall.Kill(-daemon.Process.Pid, syscall.SIGKILL)
		_ = daemon.Wait()
		_ = os.RemoveAll(dir)
	})
	testenv.WaitFor(t, "the bus", func() (err error) {
		b.conn, err = dbus.Connect(b.address)
		return err
	})
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", b.address)
	return b
}

// panel is a tray that does no more than the specification asks for.
type panel struct {
	*bus
	items chan item
}

type item struct {
	owner string
	path  dbus.ObjectPath
}

// newPanel has a panel in no tray yet: see appear.
func newPanel(b *bus) *panel {
	p := &panel{bus: b, items: make(chan item, 9)}
	if err := b.conn.Export(watcher{p}, watcherPath, watcherName); err != nil {
		b.t.Fatal(err)
	}
	return p
}

// watcher is the part of a panel that programs call.
type watcher struct{ *panel }

// RegisterStatusNotifierItem is called by programs with an icon.
func (w watcher) RegisterStatusNotifierItem(path string, sender dbus.Sender) *dbus.Error {
	i := item{string(sender), dbus.ObjectPath(path)}
	err := w.conn.Emit(watcherPath, watcherName+".StatusNotifierItemRegistered", i.owner+path)
	w.items <- i
	if err != nil {
		return dbus.MakeFailedError(err)
	}
	return nil
}

func (p *panel) appear() {
	p.t.Helper()
	if reply, err := p.conn.RequestName(watcherName, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		p.t.Fatal(reply, err)
	}
}

func (p *panel) vanish() {
	p.t.Helper()
	if _, err := p.conn.ReleaseName(watcherName); err != nil {
		p.t.Fatal(err)
	}
}

// item waits for a program to register its icon.
func (p *panel) item() item {
	p.t.Helper()
	select {
	case i := <-p.items:
		return i
	case <-time.After(time.Minute):
		p.t.Fatal("no icon was registered")
		return item{}
	}
}

// wants waits until the icon and tooltip are those of a snapshot's view.
func (p *panel) wants(i item, s runtime.State) {
	p.t.Helper()
	want := view(viewInput{overview: seen(snapshot(s))})
	testenv.WaitFor(p.t, "the view of "+s.String(), func() error {
		object := p.conn.Object(i.owner, i.path)
		tooltip, err := object.GetProperty("org.kde.StatusNotifierItem.ToolTip")
		if err != nil {
			return err
		}
		if text := fmt.Sprint(tooltip.Value()); !strings.Contains(text, want.Tooltip) {
			return fmt.Errorf("the tooltip is %s, not %s", text, want.Tooltip)
		}
		icon, err := object.GetProperty("org.kde.StatusNotifierItem.IconPixmap")
		if err != nil {
			return err
		}
		for _, candidate := range []assets.State{assets.NoEngine, assets.Stopped, assets.Busy, assets.Ready, assets.Paused, assets.Problem} {
			if looksLike(icon, candidate) && candidate != want.Icon {
				return fmt.Errorf("it is the icon %d, not %d", candidate, want.Icon)
			}
		}
		if !looksLike(icon, want.Icon) {
			return errors.New("it is no icon of ours")
		}
		return nil
	})
}

// program is a child that runs the tray.
type program struct {
	t     *testing.T
	lines chan string
	input io.Writer
}

func startProgram(t *testing.T) *program {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childVariable+"=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	input, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &program{t: t, lines: make(chan string, 99), input: input}
	go func() {
		defer close(p.lines)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			p.lines <- lines.Text()
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		for range p.lines {
		}
		_ = cmd.Wait()
	})
	return p
}

// prints waits for a line.
func (p *program) prints(want string) {
	p.t.Helper()
	late := time.After(time.Minute)
	for {
		select {
		case line, open := <-p.lines:
			if line == want {
				return
			}
			if !open {
				p.t.Fatalf("the program ended without printing %q", want)
			}
			p.t.Logf("the program printed %q", line)
		case <-late:
			p.t.Fatalf("the program did not print %q", want)
		}
	}
}

func (p *program) setState(s runtime.State) { fmt.Fprintln(p.input, s) }

// A panel that comes late, and one that goes and comes back, gets the icon as
// it is by then.
func TestPanelsComeAndGo(t *testing.T) {
	b := newBus(t)
	panel := newPanel(b)
	p := startProgram(t)
	p.setState(runtime.Ready)
	panel.appear()
	i := panel.item()
	p.prints("registered")
	panel.wants(i, runtime.Ready)
	for _, state := range []runtime.State{runtime.Stopping, runtime.Stopped, runtime.Paused, runtime.Failed} {
		panel.vanish()
		p.setState(state)
		panel.appear()
		i = panel.item()
		p.prints("registered")
		panel.wants(i, state)
	}
}

func TestClicksOverTheBus(t *testing.T) {
	b := newBus(t)
	panel := newPanel(b)
	panel.appear()
	p := startProgram(t)
	i := panel.item()
	p.prints("registered")
	object := b.conn.Object(i.owner, i.path)
	for range 5 {
		if err := object.Call("org.kde.StatusNotifierItem.Activate", 0, int32(0), int32(0)).Err; err != nil {
			t.Fatal(err)
		}
		p.prints("asked to start")
	}
	for _, property := range []string{"Id", "Title"} {
		if v, err := object.GetProperty("org.kde.StatusNotifierItem." + property); err != nil || v.Value() != title {
			t.Errorf("%s is %v, %v", property, v, err)
		}
	}
}

// layout is a row as dbusmenu has it.
type layout struct {
	ID       int32
	Props    map[string]dbus.Variant
	Children []dbus.Variant
}

// layout asks for a row and what is below it, so many levels deep.
func (b *bus) layout(i item, id, depth int32) (layout, error) {
	var revision uint32
	var row layout
	err := b.conn.Object(i.owner, "/StatusNotifierItem/menu").
		Call("com.canonical.dbusmenu.GetLayout", 0, id, depth, []string{}).Store(&revision, &row)
	return row, err
}

// children are the rows of a submenu.
func (b *bus) children(of layout) (rows []layout) {
	b.t.Helper()
	for _, child := range of.Children {
		var row layout
		if err := dbus.Store([]any{child.Value()}, &row); err != nil {
			b.t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

// shows wants the menu on the bus to be the view, and returns the number on the
// bus of each row.
func (b *bus) shows(i item, what string, want View) (ids [rows]int32) {
	b.t.Helper()
	testenv.WaitFor(b.t, "the menu of "+what, func() error {
		root, err := b.layout(i, 0, -1)
		if err != nil {
			return err
		}
		parent := map[int][]dbus.Variant{0: root.Children}
		for n, at := range entries {
			row := want.Rows[n]
			var is layout
			for { // past a separator
				if len(parent[at.parent]) == 0 {
					return fmt.Errorf("there is no row %d", n)
				}
				is = layout{}
				if err := dbus.Store([]any{parent[at.parent][0].Value()}, &is); err != nil {
					return err
				}
				parent[at.parent] = parent[at.parent][1:]
				if is.Props["type"].Value() != "separator" {
					break
				}
			}
			ids[n] = is.ID
			if len(is.Children) > 0 {
				parent[n] = is.Children
			}
			visible := is.Props["visible"].Value() != false
			if visible == row.Hidden {
				return fmt.Errorf("row %d, %q, is visible: %v", n, row.Text, visible)
			}
			if !visible {
				continue
			}
			got := fmt.Sprint(is.Props["label"].Value(), is.Props["enabled"].Value(), is.Props["toggle-type"].Value(), is.Props["toggle-state"].Value())
			checkable, state := "", 0
			if at.checked != nil {
				checkable = "checkmark"
			}
			if row.Checked {
				state = 1
			}
			if want := fmt.Sprint(strings.ReplaceAll(row.Text, "_", "__"), !row.Disabled, checkable, state); got != want {
				return fmt.Errorf("row %d is %s, not %s", n, got, want)
			}
		}
		return nil
	})
	return ids
}

func (b *bus) choose(i item, id int32) {
	b.t.Helper()
	err := b.conn.Object(i.owner, "/StatusNotifierItem/menu").
		Call("com.canonical.dbusmenu.Event", 0, id, "clicked", dbus.MakeVariant(0), uint32(0)).Err
	if err != nil {
		b.t.Fatal(err)
	}
}

// The submenus and their marks arrive, and so do choices in them.
func TestSubmenusOverTheBus(t *testing.T) {
	b := newBus(t)
	panel := newPanel(b)
	panel.appear()
	p := startProgram(t)
	i := panel.item()
	p.prints("registered")

	here := newApp(childOptions())
	filled := make(chan *dbus.Signal, 99)
	b.conn.Signal(filled)
	if err := b.conn.AddMatchSignal(dbus.WithMatchInterface("com.canonical.dbusmenu"), dbus.WithMatchMember("ItemsPropertiesUpdated")); err != nil {
		t.Fatal(err)
	}
	root, err := b.layout(i, 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	submenus := map[int32]bool{}
	for _, row := range b.children(root) {
		if len(row.Children) > 0 {
			t.Errorf("before the panel has looked there is something in a submenu: %+v", row)
		}
		submenus[row.ID] = row.Props["children-display"].Value() == "submenu"
	}
	// Nobody looks meanwhile: while the toolkit answers the first one who does,
	// it races with the second.
	select {
	case <-filled:
	case <-time.After(time.Minute):
		t.Fatal("the submenus are not filled")
	}
	b.conn.RemoveSignal(filled)
	view := func() View { return view(here.viewInput) }
	fmt.Fprintln(p.input, 1)
	here.apply(stoppedFleet(1))
	ids := b.shows(i, "five profiles", view())
	// Plasma takes a row for one with a submenu when it sees it for the first
	// time or never, and asks for what is in a submenu when it is opened.
	for row, at := range entries {
		if at.parent == 0 {
			continue
		}
		parent, text := ids[at.parent], view().Rows[at.parent].Text
		if !submenus[parent] {
			t.Fatalf("%q had no submenu when it was seen for the first time", text)
		}
		opened, err := b.layout(i, parent, 1)
		if !slices.ContainsFunc(b.children(opened), func(child layout) bool { return child.ID == ids[row] }) {
			t.Errorf("row %d is not in the submenu %q: %v", row, text, err)
		}
	}
	b.choose(i, ids[rowProfile+3])
	p.prints("asked to select profile_03")
	fmt.Fprintln(p.input, 3)
	here.apply(stoppedFleet(3))
	b.shows(i, "the other profile", view())

	panel.vanish()
	panel.appear()
	i = panel.item()
	p.prints("registered")
	ids = b.shows(i, "the other profile, in another panel", view())
	b.choose(i, ids[rowKeepURL])
	here.viewInput.set["keepURL"] = true
	b.shows(i, "a toggle that is on", view())

	b.choose(i, ids[rowDeleteData])
	here.viewInput.pendingDelete = pendingDelete{profile: "profile_03", size: 1_300_000_000}
	here.viewInput.message = actionMessage{short: "Nothing is deleted yet", hint: "To delete, choose Delete > Yes, delete 1.3 GB of notebooks and files\nA backup is kept for 7 days."}
	b.shows(i, "a deletion to be chosen once more", view())
	b.choose(i, ids[rowConfirmData])
	p.prints("asked to delete profile_03 true")
}

func TestEndOfTheBusEndsTheTray(t *testing.T) {
	b := newBus(t)
	panel := newPanel(b)
	panel.appear()
	p := startProgram(t)
	p.prints("registered")
	if err := b.process.Kill(); err != nil {
		t.Fatal(err)
	}
	p.prints("ended")
}

func TestRunWithoutABus(t *testing.T) {
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/bus")
	startProgram(t).prints("failed: no session bus")
}

func TestProbe(t *testing.T) {
	t.Run("no bus", func(t *testing.T) {
		t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+filepath.Join(t.TempDir(), "bus"))
		if err := Probe(t.Context()); err == nil || err.Error() != "no session bus" {
			t.Error(err)
		}
	})
	t.Run("a bus that hangs", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "bus")
		l, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+path)
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			defer cancel() // once somebody is connected
			if c, err := l.Accept(); err == nil {
				t.Cleanup(func() { c.Close() })
			}
		}()
		if err := Probe(ctx); err == nil || err.Error() != "no session bus that answers" {
			t.Error(err)
		}
	})
	t.Run("a panel", func(t *testing.T) {
		b := newBus(t)
		if err := Probe(t.Context()); err == nil || err.Error() != "no tray on this desktop" {
			t.Errorf("before it appears: %v", err)
		}
		newPanel(b).appear()
		if err := Probe(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// looksLike reports whether a property of an icon is that of a state: its
// size, and then its pixels, as alpha, red, green and blue.
func looksLike(property dbus.Variant, state assets.State) bool {
	var pictures []struct {
		W, H   int32
		Pixels []byte
	}
	if dbus.Store([]any{property.Value()}, &pictures) != nil || len(pictures) != 1 {
		return false
	}
	want, err := png.Decode(bytes.NewReader(assets.Icon(state, assets.Colour)))
	if err != nil {
		panic(err) // it is ours
	}
	got := pictures[0]
	if int(got.W) != want.Bounds().Dx() || len(got.Pixels) != int(4*got.W*got.H) {
		return false
	}
	for y := range int(got.H) {
		for x := range int(got.W) {
			c := color.NRGBAModel.Convert(want.At(x, y)).(color.NRGBA)
			pixel := got.Pixels[4*(y*int(got.W)+x):]
			if !bytes.Equal(pixel[:4], []byte{c.A, c.R, c.G, c.B}) {
				return false
			}
		}
	}
	return true
}
