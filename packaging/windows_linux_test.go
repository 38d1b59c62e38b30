package packaging

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"net"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"colabtray/assets"
	"colabtray/test/desktop"
	"colabtray/test/testenv"
)

// windows is a container with Wine, which stands in for Windows, and a screen. It
// speaks to the shared engine over TCP.
type windows struct {
	computer
	engine *relay
}

// newWindows starts Wine on the network of this machine. The engine does not answer yet.
func newWindows(t *testing.T) windows {
	t.Helper()
	testenv.Need(t, "a processor that Wine runs these programs on", runtime.GOARCH == "amd64")
	socket, is := strings.CutPrefix(testenv.Engine(t), "unix://")
	testenv.Need(t, "an engine at a socket of this machine", is)
	out, err := exec.CommandContext(t.Context(), "../test/wine/build").CombinedOutput()
	testenv.Need(t, "an image with Wine; "+strings.TrimSpace(string(out)), err == nil)

	w := windows{computer{t, testenv.RuntimeName(t)}, newRelay(t, socket)}
	testenv.Docker(t, "run", "--detach", "--init", "--name", w.name, "--network", "host",
		"--env", "DOCKER_HOST=tcp://"+w.engine.address,
		// The screens of this machine are in its network. Ports are one test's own.
		"--env", "DISPLAY=:"+strconv.Itoa(testenv.FreePort(t)), "colab-tray-test/wine:1")
	w.awaits("the screen", "xdotool", "getdisplaygeometry")
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("a picture of the screen: %v", w.keep("../artefacts/wine.png"))
		}
	})
	return w
}

// tries runs a command there and returns what it prints.
func (w windows) tries(args ...string) (string, error) {
	out, err := exec.CommandContext(w.t.Context(), "docker", append([]string{"exec", w.name}, args...)...).Output()
	return strings.TrimSpace(strings.ReplaceAll(string(out), "\r\n", "\n")), err
}

// program runs a command of the installed program.
func (w windows) program(args ...string) string {
	w.t.Helper()
	return strings.TrimSpace(w.does(append([]string{"wine", programs + `\colab-tray.exe`}, args...)...))
}

// startTray starts the program as the entry of the Start menu does.
func (w windows) startTray() {
	w.t.Helper()
	testenv.Docker(w.t, "exec", "--detach", w.name, "wine", programs+`\Colab Tray.exe`)
}

// isAnswered waits until the tray answers a second start. Under Wine it never answers
// its first client: the handle that go-winio keeps the pipe's name with takes no clients
// on Windows, and takes one there.
func (w windows) isAnswered() {
	w.t.Helper()
	testenv.WaitFor(w.t, "the tray to answer a second start", func() error {
		// After ten seconds it would end as if it had been answered.
		_, err := w.tries("timeout", "9", "wine", programs+`\colab-tray.exe`)
		return err
	})
}

// path returns where a file is in the container.
func (w windows) path(windowsPath string) string {
	return "/wine/drive_c" + strings.ReplaceAll(strings.TrimPrefix(windowsPath, "C:"), `\`, "/")
}

func (w windows) write(windowsPath, text string) {
	w.t.Helper()
	w.does("sh", "-ec", `mkdir -p "$(dirname "$1")"; printf %s "$2" >"$1"`, "sh", w.path(windowsPath), text)
}

var registryValue = regexp.MustCompile(`(?m)    REG_[A-Z_]+    (.*)$`)

// value returns a text in the registry, "" where there is none.
func (w windows) value(key, name string) string {
	out, err := w.tries("wine", "reg", "query", key, "/v", name)
	value := registryValue.FindStringSubmatch(out)
	if err != nil || value == nil {
		return ""
	}
	return value[1]
}

// screen is all that is seen.
var screen = image.Rect(0, 0, 1024, 768)

// keep saves a picture of the screen.
func (w windows) keep(path string) error {
	picture, err := w.picture(screen)
	if err != nil {
		return err
	}
	return errors.Join(desktop.Save(path, picture), errors.New("saved as "+path))
}

// taskbar is the end of the taskbar, where Wine shows the icons of the tray.
var taskbar = image.Rect(1024-100, 768-32, 1024, 768)

// picture takes a picture of a part of the screen.
func (w windows) picture(part image.Rectangle) (image.Image, error) {
	out, err := exec.Command("docker", "exec", w.name, "import", "-silent", "-window", "root",
		"-crop", fmt.Sprintf("%dx%d+%d+%d", part.Dx(), part.Dy(), part.Min.X, part.Min.Y), "+repage", "png:-").Output()
	if err != nil {
		return nil, fmt.Errorf("import: %w", err)
	}
	return png.Decode(bytes.NewReader(out))
}

// shows waits until the tray shows the icon of a state, and returns where on the screen.
func (w windows) shows(state assets.State) image.Rectangle {
	w.t.Helper()
	var where image.Rectangle
	testenv.WaitFor(w.t, fmt.Sprintf("the icon %d in the tray", state), func() error {
		picture, err := w.picture(taskbar)
		if err != nil {
			return err
		}
		at, shown, found := desktop.FindIcon(picture)
		where = at.Add(taskbar.Min)
		switch {
		case !found:
			return errors.New("no icon of ours is there")
		case shown != state:
			return fmt.Errorf("it is the icon %d", shown)
		}
		return nil
	})
	return where
}

// showsNothing waits until the tray shows no icon of ours.
func (w windows) showsNothing() {
	w.t.Helper()
	testenv.WaitFor(w.t, "the icon to be gone", func() error {
		picture, err := w.picture(taskbar)
		if err != nil {
			return err
		}
		if where, _, found := desktop.FindIcon(picture); found {
			return fmt.Errorf("it is still at %v", where)
		}
		return nil
	})
}

// click clicks on the icon of a state.
func (w windows) click(state assets.State, button int) {
	w.t.Helper()
	at := w.shows(state)
	x, y := (at.Min.X+at.Max.X)/2, (at.Min.Y+at.Max.Y)/2
	w.does("xdotool", "mousemove", strconv.Itoa(x), strconv.Itoa(y), "click", strconv.Itoa(button))
}

// showsBalloon waits for the icon of a message. Wine shows no more of it beside a taskbar.
func (w windows) showsBalloon() {
	w.t.Helper()
	testenv.WaitFor(w.t, "the icon of a message", func() error {
		picture, err := w.picture(taskbar)
		if err == nil && !desktop.ShowsApp(picture) {
			err = errors.New("there is none")
		}
		return err
	})
}

var menuWindow = regexp.MustCompile(`"colab tray.exe"\)  (\d+)x(\d+)\+\d+\+\d+  \+([1-9]\d*)\+(\d+)`)

// quits chooses the last row of the menu.
func (w windows) quits(state assets.State) {
	w.t.Helper()
	w.click(state, 3)
	var at [4]int // width, height, x, y
	testenv.WaitFor(w.t, "the menu", func() error {
		windows, err := w.tries("xwininfo", "-root", "-tree")
		found := menuWindow.FindStringSubmatch(windows)
		if err != nil || found == nil {
			return fmt.Errorf("it is not there: %w", err)
		}
		for i := range at {
			at[i], _ = strconv.Atoi(found[1+i])
		}
		if at[1] < 200 {
			return fmt.Errorf("a window of %v is none", at)
		}
		return nil
	})
	const up = 12 // from the edge to the middle of the last row
	w.does("xdotool", "mousemove", strconv.Itoa(at[2]+at[0]/2), strconv.Itoa(at[3]+at[1]-up), "click", "1")
}

// relay leads from a port of this machine to the socket of an engine.
type relay struct {
	address, socket string

	gate sync.RWMutex // held while what the client says has to wait
}

func newRelay(t *testing.T, socket string) *relay {
	return &relay{address: fmt.Sprintf("127.0.0.1:%d", testenv.FreePort(t)), socket: socket}
}

// open lets the engine be reached until the test ends.
func (r *relay) open(t *testing.T) {
	t.Helper()
	listener, err := net.Listen("tcp", r.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go r.serve(client)
		}
	}()
}

// hold lets no request through until release.
func (r *relay) hold()    { r.gate.Lock() }
func (r *relay) release() { r.gate.Unlock() }

func (r *relay) serve(client net.Conn) {
	defer client.Close()
	engine, err := net.Dial("unix", r.socket)
	if err != nil {
		return
	}
	defer engine.Close()
	go func() {
		_, _ = io.Copy(gated{engine, &r.gate}, client)
		_ = engine.(*net.UnixConn).CloseWrite()
	}()
	_, _ = io.Copy(client, engine)
}

// gated writes while the gate is open.
type gated struct {
	io.Writer
	gate *sync.RWMutex
}

func (g gated) Write(p []byte) (int, error) {
	g.gate.RLock()
	defer g.gate.RUnlock()
	return g.Writer.Write(p)
}
