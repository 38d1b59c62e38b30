package desktop

import (
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"colabtray/assets"
	"colabtray/test/testenv"
)

// executable is the program under test, built as it is released.
var executable string

func TestMain(m *testing.M) {
	flag.Parse()
	if testing.Short() {
		os.Exit(m.Run()) // which needs no program, for no desktop starts
	}
	dir, err := os.MkdirTemp("", "colab-tray-")
	if err != nil {
		panic(err)
	}
	executable = filepath.Join(dir, "colab-tray")
	build := exec.Command("go", "build", "-trimpath", "-tags", "nethttpomithttp2", "-buildvcs=false", "-ldflags", "-s -w", "-o", executable, "colabtray/cmd/tray")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%s\n", out)
		os.Exit(1)
	}
	code := m.Run()
	testenv.End(os.Stderr)
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// user is somebody at a desktop where the program runs.
type user struct {
	*Session
	t       *testing.T
	program *process
	env     []string // its settings
	name    string   // of the runtime
	port    int
}

// settings are those of a runtime that does not exist yet.
func settings(t *testing.T, image string) (env []string, name string, port int) {
	testenv.DependOnTree()
	name, port = testenv.RuntimeName(t), testenv.FreePort(t)
	return []string{
		"DOCKER_HOST=" + testenv.Engine(t),
		"COLAB_TRAY_NAME=" + name, "COLAB_TRAY_IMAGE=" + image, fmt.Sprintf("COLAB_TRAY_PORT=%d", port),
	}, name, port
}

// startSession starts the program on a desktop and waits for its icon.
func startSession(t *testing.T, o Options, image string, more ...string) *user {
	t.Helper()
	env, name, port := settings(t, image)
	p := &user{Session: Start(t, o), t: t, env: append(env, more...), name: name, port: port}
	program, err := p.Launch(p.env, executable)
	p.must(err)
	p.program = program
	_, err = p.Registered(t.Context(), program.Pid())
	p.must(err)
	return p
}

func (p *user) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *user) seesIcon(state assets.State) {
	p.t.Helper()
	_, err := p.Icon(p.t.Context(), state)
	p.must(err)
}

func (p *user) clicksIcon(state assets.State) {
	p.t.Helper()
	p.must(p.ClickIcon(p.t.Context(), state))
}

func (p *user) reads(status string) {
	p.t.Helper()
	p.must(p.Status(p.t.Context(), p.program.Pid(), func(text string) bool { return strings.Contains(text, status) }))
}

func (p *user) chooses(state assets.State, path ...string) {
	p.t.Helper()
	p.must(p.Choose(p.t.Context(), p.program.Pid(), state, path...))
}

func (p *user) keeps(what string) {
	p.t.Helper()
	_, err := p.Keep(p.t.Name() + " " + what)
	p.must(err)
}

// token is the one in the Backend URL that the clipboard holds.
func (p *user) token() string {
	p.t.Helper()
	url, err := p.Clipboard(p.t.Context())
	p.must(err)
	found := regexp.MustCompile(fmt.Sprintf(`^http://localhost:%d/\?token=(\w{8,})$`, p.port)).FindStringSubmatch(url)
	if found == nil {
		p.t.Fatalf("the clipboard holds %q", url)
	}
	return found[1]
}

// answers wants Jupyter to take the token.
func (p *user) answers(token string) {
	p.t.Helper()
	response, err := http.Get(fmt.Sprintf("http://localhost:%d/api/status?token=%s", p.port, token))
	p.must(err)
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		p.t.Errorf("Jupyter answered %s", response.Status)
	}
}

// ends wants the program to have ended with an exit code.
func ends(t *testing.T, p *process, code int) {
	t.Helper()
	select {
	case <-p.Ended():
		if p.ExitCode() != code {
			t.Errorf("exit code %d, want %d; it said %s", p.ExitCode(), code, p.Output())
		}
	case <-time.After(patience):
		t.Fatalf("the program goes on; it said %s", p.Output())
	}
}

// TestMainJob is what the program is for, done by mouse and keyboard.
func TestMainJob(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		server Notifications
		image  string
	}{{XFCE, testenv.Notebook6}, {Dunst, testenv.Server2}} {
		t.Run(string(test.server), func(t *testing.T) {
			t.Parallel()
			p := startSession(t, Options{Notifications: test.server}, testenv.Image(t, test.image))
			p.reads("Not started yet")
			p.clicksIcon(assets.Stopped)
			p.must(p.Note(t.Context(), "The runtime is ready"))
			_, err := p.NoteWindow(t.Context())
			p.must(err)
			p.seesIcon(assets.Ready)
			p.reads(fmt.Sprintf("Ready on port %d", p.port))
			p.keeps("ready")

			p.chooses(assets.Ready, "Copy Backend URL")
			token := p.token()
			p.answers(token)
			p.reads("copied")

			// A notification that is closed must not cost the icon: dunst tells
			// its sender so in a way that the tray toolkit stumbles over.
			p.must(p.CloseNote(t.Context()))
			p.must(p.StopPanel(t.Context()))
			p.must(p.NoIcon(t.Context()))
			p.must(p.StartPanel(t.Context()))
			p.seesIcon(assets.Ready)
			_, err = p.OpenMenu(t.Context(), assets.Ready)
			p.must(err)
			p.keeps("menu after the panel was restarted")
			_, err = p.Run(t.Context(), "xdotool", "key", "Escape")
			p.must(err)

			p.chooses(assets.Ready, "Stop")
			p.seesIcon(assets.Stopped)
			if state := testenv.Docker(t, "inspect", "--format", "{{.State.Status}}", p.name); state != "exited" {
				t.Errorf("after Stop the container is %s", state)
			}
			p.chooses(assets.Stopped, "Quit")
			ends(t, p.program, 0)
			p.must(p.NoIcon(t.Context()))

			if all := fmt.Sprintf("%+v %s", p.Notes(), p.program.Output()); strings.Contains(all, token) {
				t.Errorf("the token is in what the program said: %s", all)
			}
		})
	}
}

// A restart makes a new token: the notification says so, and a click on the
// icon copies the new URL.
func TestRestartFromTheMenu(t *testing.T) {
	t.Parallel()
	p := startSession(t, Options{}, testenv.Image(t, testenv.FakeJupyter))
	p.clicksIcon(assets.Stopped)
	p.clicksIcon(assets.Ready)
	p.reads("copied")
	first := p.token()
	p.chooses(assets.Ready, "Restart")
	p.must(p.Note(t.Context(), "new Backend URL"))
	p.reads("new Backend URL")
	p.clicksIcon(assets.Ready)
	p.reads("copied")
	second := p.token()
	if first == second {
		t.Fatal("the restart did not make a new token")
	}
	p.answers(second)
}

// A runtime that somebody else stops and removes is shown as what it is.
func TestOthersStopIt(t *testing.T) {
	t.Parallel()
	p := startSession(t, Options{}, testenv.Image(t, testenv.FakeJupyter))
	p.clicksIcon(assets.Stopped)
	p.seesIcon(assets.Ready)
	testenv.Docker(t, "stop", "--time", "1", p.name)
	p.seesIcon(assets.Stopped)
	testenv.Docker(t, "rm", p.name)
	p.reads("Not started yet")
}

// writes writes the settings file.
func (p *user) writes(text string) {
	p.t.Helper()
	dir := filepath.Join(p.Home(), ".config", "colab-tray")
	p.must(os.MkdirAll(dir, 0o700))
	p.must(os.WriteFile(filepath.Join(dir, "config.toml"), []byte(text), 0o600))
}

// Two runtimes run at once, and the menu's Runtime switches between them.
func TestSwitchRuntimes(t *testing.T) {
	t.Parallel()
	session := Start(t, Options{})
	env, name, port := settings(t, testenv.Image(t, testenv.FakeJupyter))
	second, secondPort := testenv.RuntimeName(t), testenv.FreePort(t)
	p := &user{Session: session, t: t, name: name, port: port}
	p.writes(fmt.Sprintf("[profiles.second_one]\nname = %q\nimage = %q\nport = %d\n", second, testenv.Image(t, testenv.FakeJupyter), secondPort))
	program, err := p.Launch(env, executable)
	p.must(err)
	p.program = program
	_, err = p.Registered(t.Context(), program.Pid())
	p.must(err)

	p.clicksIcon(assets.Stopped)
	p.clicksIcon(assets.Ready)
	first := p.token()
	p.hasMark(fmt.Sprintf("jupyter: ready on port %d", port))

	menu, err := p.OpenMenu(t.Context(), assets.Ready)
	p.must(err)
	p.must(p.Point(t.Context(), program.Pid(), "Runtime", "second_one"))
	_, err = p.Submenu(t.Context(), menu)
	p.must(err)
	p.keeps("submenu")
	_, err = p.Run(t.Context(), "xdotool", "key", "Return")
	p.must(err)
	p.hasMark("second_one: not started yet")
	p.clicksIcon(assets.Stopped)
	p.seesIcon(assets.Ready)
	p.reads(fmt.Sprintf("Ready on port %d", secondPort))
	p.hasMark(fmt.Sprintf("second_one: ready on port %d", secondPort))
	p.answers(first) // the first one runs as before

	// A panel that comes later must not lose the rows of submenus.
	p.must(p.StopPanel(t.Context()))
	p.must(p.StartPanel(t.Context()))
	p.seesIcon(assets.Ready)
	p.chooses(assets.Ready, "Runtime", "jupyter")
	p.hasMark(fmt.Sprintf("jupyter: ready on port %d", port))
	p.reads(fmt.Sprintf("Ready on port %d", port))
}

// What is chosen in the menu outlasts the program, and the settings file is
// followed while it runs.
func TestSettingsAreFollowed(t *testing.T) {
	t.Parallel()
	session := Start(t, Options{})
	env, name, port := settings(t, testenv.Image(t, testenv.FakeJupyter))
	p := &user{Session: session, t: t, name: name, port: port}
	start := func() {
		program, err := p.Launch(env, executable)
		p.must(err)
		p.program = program
		_, err = p.Registered(t.Context(), program.Pid())
		p.must(err)
	}
	p.writes("[profiles.other]\nport = 8890\n")
	start()
	p.hasMark("jupyter: not started yet")
	p.chooses(assets.Stopped, "Runtime", "other")
	p.hasMark("other: not started yet")
	p.chooses(assets.Stopped, "Settings", "Start the runtime when the program opens")
	p.hasMarkIn("Settings", "Start the runtime when the program opens", "Notifications")
	p.chooses(assets.Stopped, "Settings", "Start the runtime when the program opens")
	p.hasMarkIn("Settings", "Notifications")
	p.chooses(assets.Stopped, "Quit")
	ends(t, p.program, 0)
	start()
	p.hasMark("other: not started yet")

	p.writes("profile = 'other'\n[profiles.other]\nport = 'x'\n")
	p.must(p.Note(t.Context(), "The settings file is wrong in line 3"))
	testenv.WaitFor(t, "the problem in the menu", func() error {
		rows, err := p.Rows(t.Context(), p.program.Pid())
		if err == nil && (len(rows) < 2 || rows[0].Label != "Not started yet" || !strings.HasPrefix(rows[1].Label, "The settings file is wrong in line 3")) {
			err = fmt.Errorf("the menu is %+v", rows)
		}
		return err
	})
	menu, err := p.OpenMenu(t.Context(), assets.Stopped)
	p.must(err)
	p.must(p.Point(t.Context(), p.program.Pid(), "Settings", "Edit settings…"))
	_, err = p.Submenu(t.Context(), menu)
	p.must(err)
	p.keeps("broken")
	_, err = p.Run(t.Context(), "xdotool", "key", "Return")
	p.must(err)
	if got := p.opened(Viewer); got != filepath.Join(p.Home(), ".config", "colab-tray", "config.toml") {
		t.Errorf("the viewer was asked to open %q", got)
	}
	p.writes("profile = 'third'\n[profiles.third]\nport = 8891\n")
	p.hasMark("third: not started yet")
	p.reads("Not started yet")

	p.writes("profile = 'third'\n[profiles.third]\nport = 8891\n[preferences]\nlanguage = 'de'\n")
	p.reads("Noch nicht gestartet")
	menu, err = p.OpenMenu(t.Context(), assets.Stopped)
	p.must(err)
	p.must(p.Point(t.Context(), p.program.Pid(), "Laufzeit", "third: noch nicht gestartet"))
	_, err = p.Submenu(t.Context(), menu)
	p.must(err)
	p.keeps("in German")
}

// The preferences start the runtime with the program, and stop it at its end.
func TestOpenAndQuit(t *testing.T) {
	t.Parallel()
	session := Start(t, Options{})
	env, name, port := settings(t, testenv.Image(t, testenv.FakeJupyter))
	p := &user{Session: session, t: t, name: name, port: port}
	p.writes("[preferences]\nstart_at_open = true\nstop_on_quit = true\n")
	program, err := p.Launch(env, executable)
	p.must(err)
	p.program = program
	p.seesIcon(assets.Ready)
	p.reads(fmt.Sprintf("Ready on port %d", port))
	p.chooses(assets.Ready, "Quit, and stop the runtime")
	ends(t, program, 0)
	if state := testenv.Docker(t, "inspect", "--format", "{{.State.Status}}", name); state != "exited" {
		t.Errorf("the container is %s", state)
	}
}

// hasMark wants the mark in the submenu Runtime to be at one row alone.
func (p *user) hasMark(text string) {
	p.t.Helper()
	p.hasMarkIn("Runtime", text)
}

// hasMarkIn wants the marks in a submenu to be at these rows.
func (p *user) hasMarkIn(submenu string, texts ...string) {
	p.t.Helper()
	testenv.WaitFor(p.t, "the marks in "+submenu, func() error {
		rows, err := p.Rows(p.t.Context(), p.program.Pid())
		if err != nil {
			return err
		}
		var marked []string
		for _, row := range rows {
			for _, r := range row.Rows {
				if r.Checked && row.Label == submenu {
					marked = append(marked, r.Label)
				}
			}
		}
		if !slices.Equal(marked, texts) {
			return fmt.Errorf("the marks are at %q, not at %q", marked, texts)
		}
		return nil
	})
}

// opened waits for an application to be asked to open something.
func (p *user) opened(app Application) string {
	p.t.Helper()
	what, err := p.Opened(p.t.Context(), app)
	p.must(err)
	return what
}

// What is shown outside of the menu comes up in the desktop's own programs,
// and holds no token.
func TestShownElsewhere(t *testing.T) {
	t.Parallel()
	testenv.NeedCommand(t, "xdg-open")
	p := startSession(t, Options{}, testenv.Image(t, testenv.Notebook6))
	p.clicksIcon(assets.Stopped)
	p.clicksIcon(assets.Ready)
	token := p.token()

	p.chooses(assets.Ready, "Open Colab")
	if got := p.opened(Browser); got != "https://colab.research.google.com/" {
		t.Errorf("the browser was asked to open %q", got)
	}
	p.chooses(assets.Ready, "Open Jupyter")
	address := p.opened(Browser)
	if !regexp.MustCompile(`^http://127\.0\.0\.1:\d+/jupyter\?key=\w+$`).MatchString(address) {
		t.Errorf("for Jupyter the browser was asked to open %q", address)
	}
	page, err := http.Get(address)
	p.must(err)
	_ = page.Body.Close()
	if got := page.Request.URL; page.StatusCode != http.StatusOK || got.Path != "/tree" || got.Port() != strconv.Itoa(p.port) {
		t.Errorf("the address leads to %s of port %s: %s", got.Path, got.Port(), page.Status)
	}
	for _, test := range []struct{ row, part string }{
		{"Show logs", "token=[redacted]"},
		{"Check connection", "ok    Run a cell          " + p.name},
	} {
		p.chooses(assets.Ready, test.row)
		path := p.opened(Viewer)
		text, err := os.ReadFile(path)
		p.must(err)
		if !strings.Contains(string(text), test.part) || strings.Contains(string(text), token) {
			t.Errorf("%s shows\n%s", test.row, text)
		}
		info, err := os.Stat(path)
		p.must(err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s: the file can be read with %v", test.row, info.Mode())
		}
	}
	p.reads("Colab can connect")
	p.must(p.Note(t.Context(), "Colab can connect"))
	_, err = p.OpenMenu(t.Context(), assets.Ready)
	p.must(err)
	p.keeps("menu")
}

// What somebody has paused goes on by a click on the icon.
func TestPaused(t *testing.T) {
	t.Parallel()
	p := startSession(t, Options{}, testenv.Image(t, testenv.FakeJupyter))
	p.clicksIcon(assets.Stopped)
	p.seesIcon(assets.Ready)
	p.must(p.Note(t.Context(), "The runtime is ready"))
	testenv.WaitFor(t, "a pause", func() error { // which the engine can refuse while a health check begins
		return exec.Command("docker", "--host", testenv.Engine(t), "pause", p.name).Run()
	})
	p.must(p.Note(t.Context(), "The runtime is paused"))
	p.chooses(assets.Paused, "Continue")
	p.seesIcon(assets.Ready)
	p.chooses(assets.Ready, "Open Jupyter")
	p.must(p.Note(t.Context(), "This image has no page of Jupyter's own"))
}

func TestProblemsAreShown(t *testing.T) {
	t.Parallel()
	t.Run("no image", func(t *testing.T) {
		t.Parallel()
		p := startSession(t, Options{}, "127.0.0.1:1/there_is/no_image:1")
		p.clicksIcon(assets.Stopped)
		p.seesIcon(assets.Problem)
		_, err := p.OpenMenu(t.Context(), assets.Problem)
		p.must(err)
		p.keeps("menu")
	})
	t.Run("no engine", func(t *testing.T) {
		t.Parallel()
		p := startSession(t, Options{}, "image", "DOCKER_HOST=unix:///nowhere/docker.sock")
		p.seesIcon(assets.NoEngine)
		_, err := p.OpenMenu(t.Context(), assets.NoEngine)
		p.must(err)
		p.keeps("menu")
	})
}

// A second start knows what only the first one can know: the engine does not tell
// of a pull.
func TestSecondStartDuringPull(t *testing.T) {
	t.Parallel()
	registry := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v2/" {
			<-r.Context().Done() // whoever asks gives up
		}
	}))
	defer registry.Close()
	defer registry.CloseClientConnections()
	p := startSession(t, Options{}, strings.TrimPrefix(registry.URL, "http://")+"/test/slow:1")
	p.clicksIcon(assets.Stopped)
	p.seesIcon(assets.Busy)
	p.reads("Pulling the image")
	second, err := p.Launch(p.env, executable)
	p.must(err)
	ends(t, second, 0)
	if output := second.Output(); output != "Colab Tray runs already. The image is being pulled.\n" {
		t.Errorf("it said %q", output)
	}
	p.must(p.Note(t.Context(), "Colab Tray runs already\nThe image is being pulled."))
}

// Without a session bus the program says so in one line, starts the runtime and
// ends.
func TestNoSession(t *testing.T) {
	t.Parallel()
	env, _, port := settings(t, testenv.Image(t, testenv.FakeJupyter))
	s := Start(t, Options{NoPanel: true, Notifications: NoNotifications})
	p, err := s.Launch(append(env, "DBUS_SESSION_BUS_ADDRESS=unix:path=/nowhere/bus"), executable)
	if err != nil {
		t.Fatal(err)
	}
	ends(t, p, 0)
	const output = "no session bus"
	lines := strings.Split(p.Output(), "\n")
	if !strings.Contains(lines[0], output) || strings.Contains(strings.Join(lines[1:], "\n"), output) {
		t.Errorf("it said %q", lines)
	}
	if !strings.Contains(p.Output(), fmt.Sprintf("\nhttp://localhost:%d/?token=", port)) {
		t.Errorf("there is no Backend URL in %q", p.Output())
	}
}

// Without a panel the program says what to do, once, goes on, and has its icon
// in each panel that comes.
func TestNoPanel(t *testing.T) {
	t.Parallel()
	env, name, port := settings(t, testenv.Image(t, testenv.FakeJupyter))
	p := &user{Session: Start(t, Options{NoPanel: true}), t: t, name: name, port: port}
	var err error
	p.program, err = p.Launch(env, executable)
	p.must(err)
	p.must(p.Note(t.Context(), "Status Tray Plugin"))
	for range 2 {
		p.must(p.StartPanel(t.Context()))
		_, err = p.Registered(t.Context(), p.program.Pid())
		p.must(err)
		p.seesIcon(assets.Stopped)
		p.must(p.StopPanel(t.Context()))
	}
	second, err := p.Launch(env, executable)
	p.must(err)
	ends(t, second, 0)
	if page := p.opened(Browser); !regexp.MustCompile(`^http://127\.0\.0\.1:\d+/\?key=`).MatchString(page) {
		t.Errorf("a second start opened %q", page)
	}
	p.must(p.Note(t.Context(), "The runtime was not started yet."))
	p.must(p.program.Signal(syscall.SIGTERM))
	ends(t, p.program, 0)
	if output := p.program.Output(); strings.Count(output, "\n") != 1 || !strings.Contains(output, "Status Tray Plugin") {
		t.Errorf("it said %q", output)
	}
	if notes := p.Notes(); len(notes) != 2 { // no tray, and the answer to the second start
		t.Errorf("there were the notifications %+v", notes)
	}
}

// A session that ends before a panel has come ends the program too.
func TestEndOfSessionWithoutPanel(t *testing.T) {
	t.Parallel()
	env, _, _ := settings(t, testenv.Image(t, testenv.FakeJupyter))
	s := Start(t, Options{NoPanel: true})
	p, err := s.Launch(env, executable)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Note(t.Context(), "This desktop shows no tray"); err != nil {
		t.Fatal(err)
	}
	s.StopBus()
	ends(t, p, 0)
}

// However the session goes, the program ends in good order and leaves the
// runtime alone.
func TestEndOfSession(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*user){
		"log out": func(p *user) { p.StopBus() },
		"signal":  func(p *user) { p.must(p.program.Signal(syscall.SIGTERM)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := startSession(t, Options{}, testenv.Image(t, testenv.FakeJupyter))
			p.clicksIcon(assets.Stopped)
			p.seesIcon(assets.Ready)
			end(p)
			ends(t, p.program, 0)
			if text := p.program.Output(); strings.Contains(text, "panic") {
				t.Errorf("it said %s", text)
			}
			if state := testenv.Docker(t, "inspect", "--format", "{{.State.Status}}", p.name); state != "running" {
				t.Errorf("the container is %s", state)
			}
		})
	}
}

func TestOnlyOneTray(t *testing.T) {
	t.Parallel()
	p := startSession(t, Options{}, testenv.Image(t, testenv.FakeJupyter))
	start := func(args ...string) string {
		t.Helper()
		second, err := p.Launch(p.env, executable, args...)
		p.must(err)
		ends(t, second, 0)
		return second.Output()
	}
	const title = "Colab Tray runs already"
	for _, test := range []struct {
		state assets.State
		body  string
	}{
		{assets.Stopped, "The runtime was not started yet."},
		{assets.Ready, fmt.Sprintf("The runtime is ready on port %d.", p.port)},
	} {
		if test.state == assets.Ready {
			p.clicksIcon(assets.Stopped)
		}
		p.seesIcon(test.state)
		if output := start(); output != title+". "+test.body+"\n" {
			t.Errorf("it said %q", output)
		}
		p.must(p.Note(t.Context(), title+"\n"+test.body))
		p.seesIcon(test.state)
	}
	// The program's own log tells of it, without the token.
	p.clicksIcon(assets.Ready)
	p.reads("copied")
	path := p.Home() + "/.local/state/colab-tray/colab-tray.log"
	text, err := os.ReadFile(path)
	p.must(err)
	if log := string(text); strings.Count(log, "the tray begins") != 1 || !strings.Contains(log, "is=ready") || strings.Contains(log, p.token()) {
		t.Errorf("the log holds\n%s", log)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the log can be read with %v, %v", info.Mode(), err)
	}

	if output := start("quit"); output != "The tray ends.\n" {
		t.Errorf("asked to quit, it said %q", output)
	}
	ends(t, p.program, 0)
	if state := testenv.Docker(t, "inspect", "--format", "{{.State.Status}}", p.name); state != "running" {
		t.Errorf("after quitting the container is %s", state)
	}
	if output := start("quit"); output != "No tray is running.\n" {
		t.Errorf("asked to quit again, it said %q", output)
	}
}
