package desktop

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"colabtray/test/testenv"

	"github.com/godbus/dbus/v5"
)

// Notifications is the notification server of a desktop.
type Notifications string

// The notification servers.
const (
	XFCE            Notifications = "xfce4-notifyd"
	Dunst           Notifications = "dunst"
	NoNotifications Notifications = "none"
)

// Names on the session bus.
const (
	watcherName  = "org.kde.StatusNotifierWatcher"
	notifierName = "org.freedesktop.Notifications"
)

// Programs that are not on PATH.
var (
	xfconfd     = library("xfce4/xfconf/xfconfd")
	xfceNotifyd = library("xfce4/notifyd/xfce4-notifyd")
)

// library returns the path of a program in the system's library directory, whose name
// contains the architecture on Debian.
func library(program string) string {
	for _, dir := range []string{"/usr/lib/*-linux-*", "/usr/lib", "/usr/lib64"} {
		if found, _ := filepath.Glob(dir + "/" + program); len(found) > 0 {
			return found[0]
		}
	}
	return program
}

// patience bounds every single thing that is waited for. It is only used up
// when something is broken.
const patience = 2 * time.Minute

// desktops are those that tests have at a time: with more of them, on a small
// machine, each would be too slow.
var desktops = make(chan struct{}, 4)

// Options are the options of a desktop.
type Options struct {
	// Notifications is the notification server; empty means XFCE's.
	Notifications Notifications
	// NoPanel leaves out the panel, and with it the tray.
	NoPanel bool
}

// Session is a running desktop.
type Session struct {
	options   Options
	dir       string
	env       []string
	processes processes
	panel     *process
	bus       *dbus.Conn
	notes     notes
}

// Start starts a desktop for a test, and skips the test if parts of the desktop are
// missing. The desktop ends with the test.
func Start(t testing.TB, o Options) *Session {
	t.Helper()
	testenv.Takes(t, "a desktop has to start")
	for _, part := range Parts(o) {
		testenv.NeedCommand(t, part)
	}
	desktops <- struct{}{}
	t.Cleanup(func() { <-desktops })
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	testenv.AfterDeath(t, `rm -rf "$1"`, s.dir)
	t.Cleanup(func() {
		if t.Failed() {
			if path, err := s.Keep(t.Name() + " failed"); err == nil {
				t.Logf("the desktop at its end: %s", path)
			}
			s.dumpGoroutines()
			t.Logf("output of the desktop:\n%s", s.Output())
			if log, err := os.ReadFile(filepath.Join(s.dir, "home/.local/state/colab-tray/colab-tray.log")); err == nil {
				t.Logf("the program's log:\n%s", log[max(0, len(log)-16<<10):])
			}
		}
		s.Close()
	})
	return s
}

// dumpGoroutines ends the programs under test such that each prints where its goroutines
// are.
func (s *Session) dumpGoroutines() {
	for _, p := range s.processes.all() {
		if p.name == "colab-tray" && p.Signal(syscall.SIGQUIT) == nil {
			select {
			case <-p.ended:
			case <-time.After(patience):
			}
		}
	}
}

// Parts returns the commands that a desktop needs.
func Parts(o Options) []string {
	parts := []string{"Xvfb", "dbus-daemon", xfconfd, "xfwm4", "xdotool", "import", "display", "xclip"}
	if !o.NoPanel {
		parts = append(parts, "xfce4-panel")
	}
	switch o.Notifications {
	case Dunst:
		parts = append(parts, "dunst")
	case XFCE, "":
		parts = append(parts, xfceNotifyd)
	}
	return parts
}

// Open starts a desktop. The caller closes it.
func Open(ctx context.Context, o Options) (*Session, error) {
	// The path of a Unix socket is limited to 107 bytes, and the default directory for
	// temporary files can be longer.
	dir, err := os.MkdirTemp("/tmp", "desktop")
	if err != nil {
		return nil, err
	}
	s := &Session{options: o, dir: dir}
	s.processes.begin()
	for _, step := range []func(context.Context) error{
		s.prepareHome, s.startScreen, s.startBus, s.startNotifications, s.startWindows, s.startPanel,
	} {
		if err := step(ctx); err != nil {
			err = fmt.Errorf("%w\n%s", err, s.Output())
			s.Close()
			return nil, err
		}
	}
	return s, nil
}

// prepareHome makes the home directory and the files in it.
func (s *Session) prepareHome(context.Context) error {
	s.env = []string{
		"PATH=" + os.Getenv("PATH"),
		"LANG=C.UTF-8", "TZ=UTC",
		"HOME=" + s.dir + "/home",
		"XDG_CONFIG_HOME=" + s.dir + "/home/.config",
		"XDG_STATE_HOME=" + s.dir + "/home/.local/state",
		"XDG_DATA_HOME=" + s.dir + "/home/.local/share",
		"XDG_CACHE_HOME=" + s.dir + "/home/.cache",
		"XDG_RUNTIME_DIR=" + s.dir + "/run",
		"XDG_CURRENT_DESKTOP=XFCE",
		"DBUS_SESSION_BUS_ADDRESS=unix:path=" + s.dir + "/bus",
		"NO_AT_BRIDGE=1", // no accessibility bus to wait for
	}
	files := map[string]string{
		"bus.conf": busConfig(s.dir),
		"home/.config/xfce4/xfconf/xfce-perchannel-xml/xfce4-panel.xml":   panelConfig,
		"home/.config/xfce4/xfconf/xfce-perchannel-xml/xfce4-notifyd.xml": notifydConfig,
		"home/.config/gtk-3.0/settings.ini":                               gtkConfig,
		"home/.config/dunst/dunstrc":                                      dunstConfig,
		"run/.keep":                                                       "",
		"home/.local/state/colab-tray/welcomed":                           "", // no first start
	}
	maps.Copy(files, applicationFiles(s.dir))
	for path, content := range files {
		path = filepath.Join(s.dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		mode := fs.FileMode(0o600)
		if strings.HasPrefix(content, "#!") {
			mode = 0o700
		}
		if err := os.WriteFile(path, []byte(content), mode); err != nil {
			return err
		}
	}
	return nil
}

func (s *Session) startScreen(ctx context.Context) error {
	number, tell, err := os.Pipe()
	if err != nil {
		return err
	}
	defer number.Close()
	// Xvfb finds a free display itself, and writes its number once it is ready.
	cmd := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-noreset")
	cmd.ExtraFiles = []*os.File{tell}
	cmd.Env = s.env
	_, err = s.processes.start(cmd)
	tell.Close()
	if err != nil {
		return err
	}
	_ = number.SetReadDeadline(time.Now().Add(patience))
	text, err := io.ReadAll(number)
	display := strings.TrimSpace(string(text))
	if display == "" {
		return fmt.Errorf("no display from Xvfb: %w", err)
	}
	s.env = append(s.env, "DISPLAY=:"+display)
	// display exits with 1 even on success, so its status is ignored: a black background
	// would do as well.
	_, _ = s.Run(ctx, "display", "-window", "root", "-size", "1280x800", "gradient:#39424e-#1c232b")
	return nil
}

func (s *Session) startBus(ctx context.Context) error {
	if _, err := s.Spawn("dbus-daemon", "--nofork", "--nopidfile", "--config-file="+s.dir+"/bus.conf"); err != nil {
		return err
	}
	err := waitFor(ctx, "the session bus", func() (err error) {
		s.bus, err = dbus.Connect("unix:path=" + s.dir + "/bus")
		return err
	})
	if err != nil {
		return err
	}
	return s.notes.listen(s.dir)
}

func (s *Session) startNotifications(ctx context.Context) error {
	if _, err := s.Spawn(xfconfd); err != nil {
		return err
	}
	if err := s.owned(ctx, "org.xfce.Xfconf"); err != nil {
		return err
	}
	switch s.options.Notifications {
	case NoNotifications:
		return nil
	case Dunst:
		if _, err := s.Spawn("dunst"); err != nil {
			return err
		}
	default:
		if _, err := s.Spawn(xfceNotifyd); err != nil {
			return err
		}
	}
	return s.owned(ctx, notifierName)
}

// startWindows starts the window manager, and waits until it manages the screen: it moves
// the windows that were there before.
func (s *Session) startWindows(ctx context.Context) error {
	if _, err := s.Spawn("xfwm4", "--compositor=off"); err != nil {
		return err
	}
	return waitFor(ctx, "the window manager", func() error {
		_, err := s.Run(ctx, "xdotool", "get_num_desktops")
		return err
	})
}

func (s *Session) startPanel(ctx context.Context) error {
	if s.options.NoPanel {
		return nil
	}
	return s.StartPanel(ctx)
}

// StartPanel starts the panel, and waits until its tray accepts icons.
func (s *Session) StartPanel(ctx context.Context) (err error) {
	s.panel, err = s.Spawn("xfce4-panel", "--disable-wm-check")
	if err != nil {
		return err
	}
	return s.owned(ctx, watcherName)
}

// StopPanel kills the panel, like a crash.
func (s *Session) StopPanel(ctx context.Context) error {
	s.panel.kill()
	return waitFor(ctx, "the tray to be gone", func() error {
		if owned, err := s.isOwned(watcherName); owned || err != nil {
			return errors.Join(err, errors.New("it is still there"))
		}
		return nil
	})
}

// StopBus ends the session bus, like a log-out.
func (s *Session) StopBus() {
	for _, p := range s.processes.all() {
		if p.name == "dbus-daemon" {
			p.kill()
		}
	}
}

// Close ends everything that was started in the session.
func (s *Session) Close() {
	if s.bus != nil {
		_ = s.bus.Close()
	}
	s.notes.close()
	s.processes.end()
	_ = os.RemoveAll(s.dir)
}

// Env returns the environment of programs in this session.
func (s *Session) Env() []string { return slices.Clone(s.env) }

// Home returns the home directory of this session.
func (s *Session) Home() string { return s.dir + "/home" }

// Output returns what the programs of the session have printed.
func (s *Session) Output() string {
	var b strings.Builder
	for _, p := range s.processes.all() {
		if text := p.Output(); text != "" {
			fmt.Fprintf(&b, "--- %s\n%s\n", p.name, text)
		}
	}
	return b.String()
}

// Spawn starts a program in the session. The program ends with the session.
func (s *Session) Spawn(name string, args ...string) (*process, error) {
	cmd := exec.Command(name, args...)
	cmd.Env = s.env
	return s.processes.start(cmd)
}

// Launch is [Session.Spawn] with more environment variables.
func (s *Session) Launch(env []string, name string, args ...string) (*process, error) {
	cmd := exec.Command(name, args...)
	cmd.Env = append(s.Env(), env...)
	return s.processes.start(cmd)
}

// Run runs a command in the session, and returns its output.
func (s *Session) Run(ctx context.Context, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = s.env
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = fmt.Errorf("%w: %s", err, exit.Stderr)
		}
		return "", fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return string(out), nil
}

func (s *Session) isOwned(name string) (owned bool, err error) {
	err = s.bus.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, name).Store(&owned)
	return owned, err
}

// owned waits until a name on the session bus has an owner.
func (s *Session) owned(ctx context.Context, name string) error {
	return waitFor(ctx, name, func() error {
		owned, err := s.isOwned(name)
		if err == nil && !owned {
			err = errors.New("nobody has the name")
		}
		return err
	})
}

// waitFor calls try until it returns nil, for at most the time of patience.
func waitFor(ctx context.Context, what string, try func() error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 200*time.Millisecond) {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", what, err)
		case <-time.After(pause):
		}
	}
}

// busConfig configures a session bus that starts no services by itself, so that a
// desktop has only what the test gave it.
func busConfig(dir string) string {
	var path strings.Builder
	_ = xml.EscapeText(&path, []byte(dir))
	return `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=` + path.String() + `/bus</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`
}
