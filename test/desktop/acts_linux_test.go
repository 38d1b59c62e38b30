package desktop

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"colabtray/assets"
	"colabtray/test/testenv"
)

// Where another program has the port, one choice starts the runtime with another
// port, which the settings then have.
func TestUseAnotherPort(t *testing.T) {
	t.Parallel()
	env, name, port := settings(t, testenv.Image(t, testenv.FakeJupyter))
	env = env[:len(env)-1] // the port is in the settings file
	p := &user{Session: Start(t, Options{}), t: t, env: env, name: name, port: port}
	file := filepath.Join(p.dir, "home/.config/colab-tray/config.toml")
	p.must(os.MkdirAll(filepath.Dir(file), 0o700))
	p.must(os.WriteFile(file, fmt.Appendf(nil, "[profiles.jupyter] # mine\nport = %d\n", port), 0o600))
	other, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	p.must(err)
	defer other.Close()
	p.program, err = p.Launch(p.env, executable)
	p.must(err)
	_, err = p.Registered(t.Context(), p.program.Pid())
	p.must(err)

	p.clicksIcon(assets.Stopped)
	p.seesIcon(assets.Problem)
	p.keeps("port")
	free := 0
	testenv.WaitFor(t, "the offer of another port", func() error {
		rows, err := p.Rows(t.Context(), p.program.Pid())
		if err != nil {
			return err
		}
		for _, row := range rows {
			if n, _ := fmt.Sscanf(row.Label, "Use port %d", &free); n == 1 && free > port && free <= port+100 {
				return nil
			}
		}
		return fmt.Errorf("there is none after %d among %v", port, rows)
	})
	p.chooses(assets.Problem, fmt.Sprintf("Use port %d", free))
	p.seesIcon(assets.Ready)
	p.reads(fmt.Sprintf("Ready on port %d", free))
	text, err := os.ReadFile(file)
	p.must(err)
	if want := fmt.Sprintf("[profiles.jupyter] # mine\nport = %d\n", free); string(text) != want {
		t.Errorf("the settings are %q, want %q", text, want)
	}
}

// A container made by hand lacks what Colab needs: the check says so, and one choice
// puts it in.
func TestTheFixOfTheCheck(t *testing.T) {
	t.Parallel()
	image := testenv.Image(t, testenv.Server2)
	env, name, port := settings(t, image)
	testenv.Docker(t, "run", "-d", "--name", name, "--hostname", name, "-v", name+"-data:/home/jovyan", "-p", fmt.Sprintf("127.0.0.1:%d:8888", port),
		image, "start-notebook.sh", "--NotebookApp.port_retries=0", "--NotebookApp.allow_credentials=True")
	testenv.Docker(t, "exec", name, "sh", "-c", "echo kept > ~/work.ipynb")
	p := &user{Session: Start(t, Options{}), t: t, env: env, name: name, port: port}
	var err error
	p.program, err = p.Launch(p.env, executable)
	p.must(err)
	_, err = p.Registered(t.Context(), p.program.Pid())
	p.must(err)
	p.seesIcon(assets.Ready)
	p.chooses(assets.Ready, "Check connection")
	p.reads("Colab cannot connect")
	p.must(p.Note(t.Context(), "Colab cannot connect"))
	p.keeps("check")
	p.chooses(assets.Ready, "Use Colab's settings")
	p.must(p.Note(t.Context(), "The runtime is ready"))
	p.seesIcon(assets.Ready)
	p.chooses(assets.Ready, "Check connection")
	p.reads("Colab can connect")
	if text := testenv.Docker(t, "exec", name, "cat", "/home/jovyan/work.ipynb"); text != "kept" {
		t.Errorf("the notebook has become %q", text)
	}
}

// The first start ever opens the guide, and no other one does.
func TestFirstStart(t *testing.T) {
	t.Parallel()
	testenv.NeedCommand(t, "xdg-open")
	env, name, port := settings(t, "image")
	p := &user{Session: Start(t, Options{}), t: t, env: append(env, "DOCKER_HOST=unix:///nowhere/docker.sock"), name: name, port: port}
	mark := filepath.Join(p.dir, "home/.local/state/colab-tray/welcomed")
	p.must(os.Remove(mark))
	var err error
	p.program, err = p.Launch(p.env, executable)
	p.must(err)
	if got := p.opened(Browser); !strings.HasPrefix(got, "http://127.0.0.1:") {
		t.Errorf("the browser was asked to open %q", got)
	}
	_, err = os.Stat(mark)
	p.must(err)
}
