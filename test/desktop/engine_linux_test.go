package desktop

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"colabtray/assets"
	"colabtray/test/testenv"
)

// hideEngines runs a program where no engine is at the usual places, systemd seems to run,
// and the file $1 is there.
const hideEngines = `
set -e
mount -t tmpfs none /run
mkdir -p /run/systemd/system /usr/lib/systemd
mount -t tmpfs none /usr/lib/systemd
mkdir -p "${1%/*}"
: > "$1"
shift
exec "$@"
`

// systemctl stands for systemd: it notes what it is asked for, and the engine's socket
// appears where that engine has it.
const systemctl = `#!/bin/sh
mkdir -p "${ENGINE_SOCKET%/*}"
ln -s "$ENGINE" "$ENGINE_SOCKET"
echo "$@" > "$ENGINE_ASKED"
`

// startedEngine is an engine that a click is to start.
type startedEngine struct {
	act     string // the row
	unit    string // a file that says that the engine is installed
	socket  string // where the engine's socket appears, below the session's directory
	command string // what systemctl is asked for
	host    string
	name    string // of the runtime
	image   string
	start   func() // lets the engine answer
}

// Where an engine is installed and does not run, one choice starts it, and the runtime can
// be started at once.
func TestStartEngine(t *testing.T) {
	t.Run("docker desktop", func(t *testing.T) {
		t.Parallel()
		testenv.Takes(t, "an engine has to start")
		e := testenv.PrivateEngine(t)
		image := e.Load(t, testenv.Image(t, testenv.FakeJupyter))
		e.Stop(t)
		startsEngine(t, startedEngine{
			act: "Start Docker Desktop", unit: "/usr/lib/systemd/user/docker-desktop.service", socket: "home/.docker/desktop/docker.sock",
			command: "--user start docker-desktop", host: e.Host(), name: "started-runtime", image: image, start: func() { e.Start(t) },
		})
	})
	t.Run("podman", func(t *testing.T) {
		t.Parallel()
		testenv.Takes(t, "an engine has to start")
		e := testenv.Podman(t)
		startsEngine(t, startedEngine{
			act: "Use Podman", unit: "/run/systemd/system/unit", socket: "run/podman/podman.sock",
			command: "--user enable --now podman.socket", host: e.Host(), name: e.RuntimeName(t), image: e.Image(t, testenv.FakeJupyter), start: func() {},
		})
	})
}

func startsEngine(t *testing.T, e startedEngine) {
	testenv.DependOnTree()
	testenv.Need(t, "root, to hide the engines of this machine", os.Geteuid() == 0)
	testenv.NeedCommand(t, "unshare")
	session := Start(t, Options{})
	port := testenv.FreePort(t)
	programs, asked := filepath.Join(session.dir, "programs"), filepath.Join(session.dir, "asked")
	p := &user{Session: session, t: t, name: e.name, port: port, env: []string{
		"PATH=" + programs + ":" + os.Getenv("PATH"), "ENGINE=" + strings.TrimPrefix(e.host, "unix://"),
		"ENGINE_SOCKET=" + filepath.Join(session.dir, e.socket), "ENGINE_ASKED=" + asked,
		"COLAB_TRAY_NAME=" + e.name, "COLAB_TRAY_IMAGE=" + e.image, fmt.Sprintf("COLAB_TRAY_PORT=%d", port),
	}}
	p.must(os.Mkdir(programs, 0o700))
	p.must(os.WriteFile(filepath.Join(programs, "systemctl"), []byte(systemctl), 0o700))
	var err error
	p.program, err = p.Launch(p.env, "unshare", "--mount", "sh", "-c", hideEngines, "sh", e.unit, executable)
	p.must(err)
	_, err = p.Registered(t.Context(), p.program.Pid())
	p.must(err)
	p.reads("Docker does not answer")
	p.keeps("no engine")
	p.chooses(assets.NoEngine, e.act)
	testenv.WaitFor(t, "what is asked for", func() error {
		text, err := os.ReadFile(asked)
		if got := strings.TrimSpace(string(text)); err == nil && got != e.command {
			err = errors.New("it was " + got)
		}
		return err
	})
	e.start()
	p.seesIcon(assets.Stopped)
	p.reads("Not started yet")
	p.clicksIcon(assets.Stopped)
	p.seesIcon(assets.Ready)
	p.reads(fmt.Sprintf("Ready on port %d", port))
	p.keeps("ready")
}
