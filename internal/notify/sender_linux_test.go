package notify

import (
	"bufio"
	"bytes"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"colabtray/test/testenv"

	"github.com/godbus/dbus/v5"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start starts a program that ends with the test, or earlier by the returned function.
// It also returns the first line that the program writes to file descriptor 3.
func start(t *testing.T, env []string, name string, args ...string) (line string, stop func()) {
	t.Helper()
	testenv.NeedCommand(t, name)
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.ExtraFiles = []*os.File{write}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	write.Close()
	stop = sync.OnceFunc(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s said:\n%s", name, &output)
		}
	})
	t.Cleanup(stop)
	if slices.ContainsFunc(args, func(arg string) bool { return strings.HasSuffix(arg, "3") }) {
		if line, err = bufio.NewReader(read).ReadString('\n'); err != nil {
			t.Fatalf("%s said nothing: %v", name, err)
		}
	}
	return strings.TrimSpace(line), stop
}

// sessionBus starts a bus without services, and makes it the session bus.
func sessionBus(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	config := filepath.Join(dir, "bus.conf")
	text := `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:dir=` + dir + `</listen>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	address, _ := start(t, nil, "dbus-daemon", "--config-file="+config, "--nofork", "--print-address=3")
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", address)
}

// client connects to the session bus for the test itself.
func client(t *testing.T) *dbus.Conn {
	t.Helper()
	conn, err := dbus.ConnectSessionBus()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// logged is a log that can be read while it is written.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func sender(t *testing.T, patience time.Duration) (*Sender, *logged) {
	t.Helper()
	return senderWith(t, Options{}, patience)
}

func senderWith(t *testing.T, o Options, patience time.Duration) (*Sender, *logged) {
	t.Helper()
	log := new(logged)
	o.Log = slog.New(slog.NewTextHandler(log, nil))
	s := newSender(o, newServer(o.Act, o.Log), patience)
	t.Cleanup(s.Close)
	return s, log
}

// dunst is a real notification server.
type dunst struct {
	t    *testing.T
	conn *dbus.Conn
	stop func()
}

func startDunst(t *testing.T, conn *dbus.Conn, display string) *dunst {
	t.Helper()
	config := filepath.Join(t.TempDir(), "dunstrc")
	text := "[global]\nhistory_length = 50\nmarkup = full\n"
	for _, urgency := range []string{"low", "normal"} { // no notification may time out during the test
		text += "[urgency_" + urgency + "]\ntimeout = 0\n"
	}
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, stop := start(t, []string{"DISPLAY=" + display, "WAYLAND_DISPLAY="}, "dunst", "-conf", config)
	d := &dunst{t, conn, stop}
	testenv.WaitFor(t, "dunst", func() error {
		_, err := d.property("displayedLength")
		return err
	})
	return d
}

func (d *dunst) object() dbus.BusObject {
	return d.conn.Object("org.freedesktop.Notifications", "/org/freedesktop/Notifications")
}

func (d *dunst) property(name string) (uint32, error) {
	value, err := d.object().GetProperty("org.dunstproject.cmd0." + name)
	if err != nil {
		return 0, err
	}
	n, _ := value.Value().(uint32)
	return n, nil
}

// waitDisplayed waits until that many notifications are on the screen.
func (d *dunst) waitDisplayed(want uint32) {
	d.t.Helper()
	testenv.WaitFor(d.t, fmt.Sprintf("%d notifications", want), func() error {
		shown, err := d.property("displayedLength")
		if err == nil && shown != want {
			err = fmt.Errorf("there are %d", shown)
		}
		return err
	})
}

// dismissed closes all notifications on the screen and returns them.
func (d *dunst) dismissed() []map[string]dbus.Variant {
	d.t.Helper()
	if err := d.object().Call("org.dunstproject.cmd0.NotificationCloseAll", 0).Err; err != nil {
		d.t.Fatal(err)
	}
	d.waitDisplayed(0)
	var history []map[string]dbus.Variant
	if err := d.object().Call("org.dunstproject.cmd0.NotificationListHistory", 0).Store(&history); err != nil {
		d.t.Fatal(err)
	}
	return history
}

func TestDunst(t *testing.T) {
	sessionBus(t)
	number, _ := start(t, nil, "Xvfb", "-screen", "0", "640x480x24", "-nolisten", "tcp", "-displayfd", "3")
	server := startDunst(t, client(t), ":"+number)
	s, log := sender(t, time.Minute)

	s.Send(Announcement{Kind: KindReady, Title: "The runtime is ready", Body: "Choose <b>Copy</b> & paste.", Urgency: Normal})
	server.waitDisplayed(1)
	s.Send(Announcement{Kind: KindStopped, Title: "The runtime ended by itself", Body: "Why", Urgency: Critical})
	server.waitDisplayed(2)
	s.Send(Announcement{Kind: KindReady, Title: "Ready again", Body: "Choose <b>Copy</b> & paste.", Urgency: Normal})
	s.ShowMessage("Copied", "") // once this is shown, the one before it was handled
	server.waitDisplayed(3)

	got := map[string]map[string]dbus.Variant{}
	history := server.dismissed()
	for _, n := range history {
		got[n["summary"].Value().(string)] = n
	}
	if len(history) != 3 || len(got) != 3 || got["Ready again"] == nil || got["The runtime ended by itself"] == nil || got["Copied"] == nil {
		t.Fatalf("dunst showed %v", history)
	}
	for summary, want := range map[string]map[string]string{
		// dunst keeps the body as the markup that it renders.
		"Ready again":                 {"category": "x-colabtray.runtime.ready", "body": "Choose &lt;b&gt;Copy&lt;/b&gt; &amp; paste."},
		"The runtime ended by itself": {"category": "x-colabtray.runtime.stopped", "body": "Why"},
		"Copied":                      {"category": "x-colabtray.runtime.answer", "appname": "Colab Tray"},
	} {
		for key, value := range want {
			if found := fmt.Sprint(got[summary][key].Value()); found != value {
				t.Errorf("%s: %s is %q, want %q", summary, key, found, value)
			}
		}
	}

	// A missing server is logged once; with a new server, notifications are shown
	// again.
	server.stop()
	for i := range 3 {
		s.Send(Announcement{Kind: KindFailed, Title: fmt.Sprint("nobody sees ", i), Body: "", Urgency: Normal})
		testenv.WaitFor(t, "the log", func() error {
			if !strings.Contains(log.String(), "cannot be shown") {
				return fmt.Errorf("it says %q", log.String())
			}
			return nil
		})
	}
	startDunst(t, server.conn, ":"+number)
	s.Send(Announcement{Kind: KindReady, Title: "Ready with another server", Body: "", Urgency: Normal})
	server.waitDisplayed(1)
	if said := strings.Count(log.String(), "\n"); said != 1 {
		t.Errorf("the log has %d lines:\n%s", said, log)
	}
}

// fakeServer speaks the protocol, and answers each notification when the test lets it.
type fakeServer struct {
	capabilities []string
	conn         *dbus.Conn
	asked        chan string
	release      chan struct{}

	mu    sync.Mutex
	calls []call
}

type call struct {
	app, icon, summary, body string
	replaces                 uint32
	actions                  []string
	hints                    map[string]dbus.Variant
}

func (f *fakeServer) GetCapabilities() ([]string, *dbus.Error) {
	return f.capabilities, nil
}

func (f *fakeServer) Notify(app string, replaces uint32, icon, summary, body string, actions []string, hints map[string]dbus.Variant, _ int32) (uint32, *dbus.Error) {
	f.asked <- summary
	<-f.release
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, call{app, icon, summary, body, replaces, actions, hints})
	return uint32(len(f.calls)), nil
}

func startFake(t *testing.T, capabilities ...string) *fakeServer {
	t.Helper()
	conn := client(t)
	f := &fakeServer{
		capabilities: append(capabilities, "body"), conn: conn,
		asked: make(chan string, 100), release: make(chan struct{}),
	}
	if err := conn.Export(f, "/org/freedesktop/Notifications", "org.freedesktop.Notifications"); err != nil {
		t.Fatal(err)
	}
	if reply, err := conn.RequestName("org.freedesktop.Notifications", dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatalf("the name of the notification server: %v, %v", reply, err)
	}
	t.Cleanup(sync.OnceFunc(func() {
		select {
		case <-f.release:
		default:
			close(f.release)
		}
	}))
	return f
}

func TestMessage(t *testing.T) {
	sessionBus(t)
	f := startFake(t)
	close(f.release)
	s, _ := sender(t, time.Minute)
	for _, a := range []Announcement{
		{Kind: KindReady, Title: "Ready", Body: "Choose <b>Copy</b> & paste."},
		{Kind: KindReady, Title: strings.Repeat("ü", 500), Body: "\xffcontrol\x00characters\n", Urgency: Critical},
	} {
		s.Send(a)
		<-f.asked
	}
	testenv.WaitFor(t, "both calls", func() error {
		f.mu.Lock()
		defer f.mu.Unlock()
		if len(f.calls) < 2 {
			return fmt.Errorf("there are %d", len(f.calls))
		}
		return nil
	})
	s.Close()
	if len(f.calls) != 2 {
		t.Fatalf("there were %d calls", len(f.calls))
	}
	first, second := f.calls[0], f.calls[1]
	if first.body != "Choose <b>Copy</b> & paste." {
		t.Errorf("a server without markup was sent %q", first.body)
	}
	if first.app != "Colab Tray" || first.icon != "dev.colabtray.ColabTray" || first.replaces != 0 {
		t.Errorf("got %+v", first)
	}
	if got := first.hints["desktop-entry"].Value(); got != "dev.colabtray.ColabTray" {
		t.Errorf("the desktop entry is %v", got)
	}
	if got := first.hints["urgency"].Value(); got != byte(1) {
		t.Errorf("the urgency is %v", got)
	}
	if icon, _ := first.hints["image-data"].Value().([]any); len(icon) != 7 || icon[0] != int32(128) || len(icon[6].([]byte)) != 4*128*128 {
		t.Errorf("the icon is %v", first.hints["image-data"].Signature())
	}
	if got := second.hints["urgency"].Value(); got != byte(2) {
		t.Errorf("the urgency is %v", got)
	}
	if second.replaces != 1 || second.body != "�controlcharacters " || len([]rune(second.summary)) != 200 {
		t.Errorf("replaces %d, body %q, title of %d characters", second.replaces, second.body, len([]rune(second.summary)))
	}
}

// TestShow: a command's only message is with the desktop when Show returns.
func TestShow(t *testing.T) {
	sessionBus(t)
	f := startFake(t)
	close(f.release)
	if err := Show(t.Context(), "Not\nrunning", "Start it.\nThen copy."); err != nil {
		t.Fatal(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.calls) != 1 || f.calls[0].summary != "Not running" || f.calls[0].body != "Start it." || len(f.calls[0].actions) > 0 {
		t.Errorf("got %+v", f.calls)
	}
}

func TestHangingServer(t *testing.T) {
	sessionBus(t)
	f := startFake(t)
	s, log := sender(t, 2*time.Second)
	send := func(title string) { s.Send(Announcement{Kind: KindReady, Title: title, Body: "", Urgency: Normal}) }

	send("1")
	if got := <-f.asked; got != "1" {
		t.Fatalf("asked for %q", got)
	}
	send("2")
	send("3")
	if got := <-f.asked; got != "3" {
		t.Errorf("asked for %q, but a newer one was there", got)
	}
	close(f.release)
	send("4")
	if got := <-f.asked; got != "4" {
		t.Errorf("asked for %q", got)
	}
	s.Close()
	if said := log.String(); strings.Count(said, "\n") != 1 || !strings.Contains(said, "does not answer") {
		t.Errorf("the log says %q", said)
	}
}

// TestCloseWhileHanging would not end if Close waited for the server.
func TestCloseWhileHanging(t *testing.T) {
	sessionBus(t)
	f := startFake(t)
	s, log := sender(t, time.Hour)
	s.Send(Announcement{Kind: KindReady, Title: "1", Body: "", Urgency: Normal})
	<-f.asked
	s.Close()
	s.Send(Announcement{Kind: KindReady, Title: "2", Body: "", Urgency: Normal})
	if log.String() != "" {
		t.Errorf("the log says %q", log)
	}
}

// TestHangingBus has a bus that accepts connections and never answers.
func TestHangingBus(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bus")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+path)
	s, log := sender(t, 100*time.Millisecond)
	s.Send(Announcement{Kind: KindReady, Title: "1", Body: "", Urgency: Normal})
	testenv.WaitFor(t, "the log", func() error {
		if log.String() == "" {
			return fmt.Errorf("it is empty")
		}
		return nil
	})
	s.Close()
}

func TestNoBus(t *testing.T) {
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+filepath.Join(t.TempDir(), "none"))
	s, log := sender(t, time.Minute)
	s.Send(Announcement{Kind: KindReady, Title: "1", Body: "", Urgency: Normal}, Announcement{Kind: KindStopped, Title: "2", Body: "", Urgency: Critical}, Announcement{Kind: KindFailed, Title: "3", Body: "", Urgency: Normal})
	testenv.WaitFor(t, "all of them to have been tried", func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.pending) > 0 {
			return fmt.Errorf("%d are left", len(s.pending))
		}
		return nil
	})
	s.Close()
	if said := log.String(); strings.Count(said, "\n") != 1 || !strings.Contains(said, "no session bus") {
		t.Errorf("the log says %q", said)
	}
}
