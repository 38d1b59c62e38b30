package colab

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"colabtray/internal/config"
	"colabtray/test/testenv"
)

// inKernel runs code in a kernel of the server and returns its output.
func (s *server) inKernel(code string) string {
	s.t.Helper()
	c := newChecker(s.target(true), defaultLimits)
	defer c.close()
	for _, step := range c.steps() {
		var how Step
		switch step.id {
		case "kernelspecs", "kernel", "websocket":
			if step.run(s.t.Context(), &how); how.Status != OK {
				s.t.Fatalf("%s: %+v", step.id, how)
			}
		case "shutdown":
			defer step.run(s.t.Context(), &how)
		}
	}
	out, err := c.execute(s.t.Context(), code)
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

// view is the environment of a kernel.
type view struct {
	Env  map[string]string
	Path []string
}

// view reads the environment of a kernel.
func (s *server) view() (v view) {
	const look = `
import json, os, sys
own = {"HOSTNAME", "JPY_PARENT_PID", "JPY_SESSION_NAME", "PWD", "OLDPWD", "SHLVL", "_"}
print(json.dumps({"env": {k: v for k, v in sorted(os.environ.items()) if k not in own}, "path": sys.path}))`
	out := s.inKernel(look)
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		s.t.Fatalf("%v in %s", err, out)
	}
	return v
}

// kernelsSeeNothing compares the environment of a kernel with our settings, without
// them, and with both them and a JUPYTER_CONFIG_PATH of the person.
func kernelsSeeNothing(s, plain *server) {
	t := s.t
	const own = "JUPYTER_CONFIG_PATH"
	image := testenv.Docker(t, "inspect", "--format", "{{.Config.Image}}", s.name)
	set := serveAfter(t, image, StartCommand(), nil, "--env", own+"=/srv/own")
	without := plain.in(t).view()
	without.Env["PATH"] = "/home/jovyan/.local/bin:" + without.Env["PATH"]
	for name, with := range map[string]view{"no path set": s.view(), "a path set": set.view()} {
		want := maps.Clone(without.Env)
		if name == "a path set" {
			want[own] = "/srv/own"
		}
		if !maps.Equal(with.Env, want) {
			t.Errorf("%s: the environment is\n%v\nnot\n%v", name, with.Env, want)
		}
		others := slices.DeleteFunc(with.Path, func(p string) bool { return strings.HasPrefix(p, "/home/jovyan/.local/") })
		if !slices.Equal(others, without.Path) {
			t.Errorf("%s: sys.path is\n%v\nwithout us it is\n%v", name, with.Path, without.Path)
		}
	}
}

// notebooksCanInstallSoftware installs a package in a cell. The next lines of the same
// cell use its module and its command.
func notebooksCanInstallSoftware(s *server) {
	const install = `
import zipfile
with zipfile.ZipFile("/tmp/fresh-1-py3-none-any.whl", "w") as wheel:
    wheel.writestr("fresh.py", "word = 'imported'\ndef main():\n    print('called')\n")
    wheel.writestr("fresh-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: fresh\nVersion: 1\n")
    wheel.writestr("fresh-1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    wheel.writestr("fresh-1.dist-info/entry_points.txt", "[console_scripts]\nfresh-tool = fresh:main\n")
    wheel.writestr("fresh-1.dist-info/RECORD", "")
!python3 -m pip install --quiet --no-index /tmp/fresh-1-py3-none-any.whl 2>&1 | grep -v "not writeable" | cat
import fresh
print(fresh.word, fresh.__file__.startswith("/home/jovyan/.local/"))
!fresh-tool`
	if out := strings.Join(strings.Fields(s.inKernel(install)), " "); out != "imported True called" {
		s.t.Errorf("got %q", out)
	}
}

// TestSignalsReachTheServer: the start script replaces itself with Jupyter, which ends
// by itself when the engine stops the container.
func TestSignalsReachTheServer(t *testing.T) {
	eachImage(t, func(t *testing.T, image string) {
		s := serveAfter(t, image, StartCommand(), nil, "--entrypoint", "")
		if first := testenv.Docker(t, "exec", s.name, "cat", "/proc/1/cmdline"); !strings.Contains(first, "jupyter") {
			t.Errorf("the first process is %q", first)
		}
		testenv.Docker(t, "stop", "--time", "100", s.name)
		if status := testenv.Docker(t, "inspect", "--format", "{{.State.ExitCode}}", s.name); status != "0" {
			t.Errorf("it ended with %s", status)
		}
	})
}

// TestImagesWithoutAStartScript: only Jupyter's own commands are on the PATH.
func TestImagesWithoutAStartScript(t *testing.T) {
	eachImage(t, func(t *testing.T, image string) {
		s := serveAfter(t, image, StartCommand(), nil, "--env", "PATH=/usr/bin:/bin")
		if r := Check(t.Context(), s.target(true), nil); !r.OK {
			t.Errorf("\n%s", r.Text())
		}
		if strings.Contains(s.log(), "Executing:") {
			t.Error("the start script was there all the same")
		}
	})
}

// TestImageWithoutJupyter: the output names what is missing.
func TestImageWithoutJupyter(t *testing.T) {
	t.Parallel()
	testenv.Takes(t, "a container has to start")
	name := testenv.RuntimeName(t)
	testenv.Docker(t, slices.Concat([]string{"create", "--name", name, "--env", "PATH=/nowhere", "--entrypoint", "/bin/sh", testenv.Image(t, testenv.Server2)}, StartCommand()[1:])...)
	copyInto(t, name, ServerFiles(config.Default()))
	testenv.Docker(t, "start", name)
	if status := testenv.Docker(t, "wait", name); status != "127" {
		t.Errorf("it ended with %s", status)
	}
	if log := (&server{t: t, name: name}).log(); !strings.Contains(log, "Colab Tray: this image has no Jupyter server.") {
		t.Errorf("the log is %q", log)
	}
}

func TestHTTPOverWebSocketIsBestEffort(t *testing.T) {
	t.Parallel()
	testenv.Takes(t, "Jupyter has to start")
	image := testenv.Image(t, testenv.Notebook6)
	dir := strings.TrimSpace(testenv.Docker(t, "run", "--rm", image, "python3", "-c", "import site; print(site.getsitepackages()[0])"))
	module := strings.TrimPrefix(dir, "/") + "/jupyter_http_over_ws/__init__.py"
	for name, c := range map[string]struct{ content, logged string }{
		"working": {"def load_jupyter_server_extension(app):\n    app.log.info('http over ws is loaded')\n", "http over ws is loaded"},
		"broken":  {"import distutils_of_long_ago\n", "jupyter_http_over_ws"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serveWith(t, image, StartCommand(), map[string]string{module: c.content})
			if log := s.log(); !strings.Contains(log, c.logged) {
				t.Errorf("the log does not say %q:\n%s", c.logged, log)
			}
		})
	}
}

// log returns the output of the server's container.
func (s *server) log() string {
	s.t.Helper()
	out, err := exec.Command("docker", "-H", testenv.Engine(s.t), "logs", s.name).CombinedOutput()
	if err != nil {
		s.t.Fatal(err)
	}
	return string(out)
}

// TestStartAsksNothingOfTheNetwork starts a container without a network.
func TestStartAsksNothingOfTheNetwork(t *testing.T) {
	eachImage(t, func(t *testing.T, image string) {
		name := testenv.RuntimeName(t)
		testenv.Docker(t, append([]string{"create", "--name", name, "--network", "none", testenv.Image(t, image)}, StartCommand()...)...)
		copyInto(t, name, ServerFiles(config.Default()))
		testenv.Docker(t, "start", name)
		s := &server{t: t, name: name}
		testenv.WaitFor(t, "the server's address in its log", func() error {
			if log := s.log(); !strings.Contains(log, "/?token=") {
				return fmt.Errorf("the log is\n%s", log)
			}
			return nil
		})
	})
}

// TestHandmadeFiles copies the files into a container made by hand.
func TestHandmadeFiles(t *testing.T) {
	eachImage(t, func(t *testing.T, image string) {
		s := serveAfter(t, image, []string{"start-notebook.sh"}, func(name string) { copyInto(t, name, HandmadeFiles()) })
		letsColabIn(t, "GET /api/nothing", s.send(noRedirects, "GET", "/api/nothing"+withToken, "", fromColab))
		if got := s.send(noRedirects, "GET", "/api/colab/build-info"+withToken, "", fromColab); got.status != http.StatusOK {
			t.Errorf("build-info was answered with %d", got.status)
		}
	})
}

// TestHandmadeFilesLeaveTheAddress: the container's own settings decide its address.
// Jupyter ranks them below ours here.
func TestHandmadeFilesLeaveTheAddress(t *testing.T) {
	const own = "for app in (c.ServerApp, c.NotebookApp):\n    app.ip = '127.0.0.1'\n    app.port = 8899\n    app.open_browser = False\n"
	eachImage(t, func(t *testing.T, image string) {
		name := testenv.RuntimeName(t)
		testenv.Docker(t, "create", "--name", name, testenv.Image(t, image), "start-notebook.sh")
		copyInto(t, name, HandmadeFiles())
		copyInto(t, name, fstest.MapFS{
			"etc/jupyter/jupyter_server_config.py":   {Data: []byte(own), Mode: 0o644},
			"etc/jupyter/jupyter_notebook_config.py": {Data: []byte(own), Mode: 0o644},
		})
		testenv.Docker(t, "start", name)
		s := &server{t: t, name: name}
		testenv.WaitFor(t, "the server's address in its log", func() error {
			if log := s.log(); !strings.Contains(log, "http://127.0.0.1:8899/?token=") || strings.Contains(log, ":8888/") {
				return fmt.Errorf("the log is\n%s", log)
			}
			return nil
		})
		listening := testenv.Docker(t, "exec", name, "cat", "/proc/net/tcp")
		if !strings.Contains(listening, "0100007F:22C3 00000000:0000 0A") || strings.Contains(listening, "00000000:22C3") {
			t.Errorf("it does not listen at 127.0.0.1:8899 alone:\n%s", listening)
		}
	})
}

func TestIsOurs(t *testing.T) {
	if !IsOurs(file("settings.py").Data) || IsOurs([]byte("c.ServerApp.port = 1")) || IsOurs(nil) {
		t.Error("our settings are not told from others")
	}
	if !IsOurs(file("start.sh").Data) {
		t.Error("the start script is not marked as ours")
	}
}
