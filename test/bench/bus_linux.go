package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/prop"
)

// bus is a private session bus with a watcher for tray icons on it.
type bus struct {
	daemon     *exec.Cmd
	connection *dbus.Conn
	address    string
	registered chan registration
	signals    chan *dbus.Signal
}

// registration is the call with which a tray program shows its icon.
type registration struct {
	owner string
	path  dbus.ObjectPath
	at    time.Time
}

const (
	watcher  = "org.kde.StatusNotifierWatcher"
	itemName = "org.kde.StatusNotifierItem"
)

// RegisterStatusNotifierItem is the method that a tray program calls to show its icon.
func (b *bus) RegisterStatusNotifierItem(path string, sender dbus.Sender) *dbus.Error {
	select {
	case b.registered <- registration{string(sender), dbus.ObjectPath(path), time.Now()}:
	default:
	}
	return nil
}

func newBus() (*bus, error) {
	b := &bus{registered: make(chan registration, 1), signals: make(chan *dbus.Signal, 1000)}
	b.daemon = exec.Command("dbus-daemon", "--session", "--nofork", "--print-address")
	b.daemon.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	stdout, err := b.daemon.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := b.daemon.Start(); err != nil {
		return nil, err
	}
	address, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return nil, err
	}
	b.address = strings.TrimSpace(address)
	if b.connection, err = dbus.Connect(b.address); err != nil {
		return nil, err
	}
	export := b.connection.Export(b, "/StatusNotifierWatcher", watcher)
	_, props := prop.Export(b.connection, "/StatusNotifierWatcher", prop.Map{watcher: {
		"IsStatusNotifierHostRegistered": {Value: true},
		"ProtocolVersion":                {Value: int32(0)},
		"RegisteredStatusNotifierItems":  {Value: []string{}},
	}})
	_, name := b.connection.RequestName(watcher, dbus.NameFlagDoNotQueue)
	b.connection.Signal(b.signals)
	match := b.connection.AddMatchSignal(dbus.WithMatchInterface(itemName), dbus.WithMatchMember("NewIcon"))
	return b, errors.Join(export, props, name, match)
}

func (b *bus) close() {
	if b.connection != nil {
		_ = b.connection.Close()
	}
	_ = b.daemon.Process.Kill()
	_ = b.daemon.Wait()
}

// icon is a tray program that shows its icon.
type icon struct {
	*exec.Cmd
	bus  *bus
	at   registration
	took time.Duration // from its start
}

// show starts a tray program and waits for its icon.
func (b *bus) show(cmd *exec.Cmd) (*icon, error) {
	cmd.Env = append(cmd.Environ(), "DBUS_SESSION_BUS_ADDRESS="+b.address)
	cmd.Stderr = io.Discard
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	select {
	case r := <-b.registered:
		return &icon{cmd, b, r, r.at.Sub(begun)}, nil
	case <-time.After(30 * time.Second):
		end(cmd)
		return nil, fmt.Errorf("%s showed no icon", cmd.Path)
	}
}

// click clicks on the icon.
func (i *icon) click() error {
	return i.bus.connection.Object(i.at.owner, i.at.path).Call(itemName+".Activate", 0, int32(0), int32(0)).Err
}

// choose clicks on the row of the menu that has a text.
func (i *icon) choose(text string) error {
	menu := i.bus.connection.Object(i.at.owner, "/StatusNotifierItem/menu")
	var revision uint32
	var root struct {
		ID       int32
		Props    map[string]dbus.Variant
		Children []dbus.Variant
	}
	if err := menu.Call("com.canonical.dbusmenu.GetLayout", 0, int32(0), int32(1), []string{}).Store(&revision, &root); err != nil {
		return err
	}
	for _, child := range root.Children {
		row := root
		if err := dbus.Store([]any{child.Value()}, &row); err != nil {
			return err
		}
		if row.Props["label"].Value() == text {
			return menu.Call("com.canonical.dbusmenu.Event", 0, row.ID, "clicked", dbus.MakeVariant(""), uint32(0)).Err
		}
	}
	return fmt.Errorf("the menu has no row %q", text)
}

// says waits until the tooltip has a text.
func (i *icon) says(text string) error {
	return within(2*time.Minute, func() error {
		tooltip, err := i.bus.connection.Object(i.at.owner, i.at.path).GetProperty(itemName + ".ToolTip")
		if err == nil && !strings.Contains(fmt.Sprint(tooltip.Value()), text) {
			err = fmt.Errorf("the tooltip is %v, not %q", tooltip.Value(), text)
		}
		return err
	})
}

// within tries until there is no error.
func within(limit time.Duration, try func() error) (err error) {
	for begun := time.Now(); time.Since(begun) < limit; time.Sleep(5 * time.Millisecond) {
		if err = try(); err == nil {
			return nil
		}
	}
	return err
}
