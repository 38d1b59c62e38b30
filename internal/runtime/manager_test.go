package runtime

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/engine/memory"
	"colabtray/internal/problem"
	"colabtray/internal/secret"
	"colabtray/test/testenv"
)

func TestFirstStartMakesContainerAndVolume(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		r.Open()
		if s := r.untilState(Absent); s.Image != r.profile.Image || s.Port != r.profile.Port {
			t.Errorf("absent, but shown as %+v", s)
		}
		s := r.mustStart()
		r.mustServe(s.URL)
		if s.URLChanged {
			t.Error("the first token counts as a change")
		}

		name := r.profile.Runtime
		got := r.docker("inspect", "--format", `{{.Name}} {{.Config.Hostname}} {{range $p, $b := .NetworkSettings.Ports}}{{range $b}}{{$p}}={{.HostIp}}:{{.HostPort}} {{end}}{{end}}{{range .Mounts}}{{.Type}} {{.Name}} {{.Destination}}{{end}}`, name)
		want := fmt.Sprintf("/%s %s 8888/tcp=127.0.0.1:%d volume %s-data /home/jovyan", name, name, r.profile.Port, name)
		if got != want {
			t.Errorf("the container is\n%s\nwant\n%s", got, want)
		}
	})
}

func TestSecondStartKeepsContainerAndData(t *testing.T) {
	anyEngine(t, eachEngine, func(t *testing.T, r *rig) {
		r.Open()
		first := r.mustStart()
		id := r.id()
		r.save("kept")

		if again := r.mustStart(); again.URL != first.URL {
			t.Error("starting a ready runtime gave another Backend URL")
		}
		if err := r.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s := r.Snapshot(); s.State != Stopped || !s.URL.IsZero() {
			t.Errorf("stopped, but %+v", s)
		}
		if err := r.Stop(t.Context()); err != nil {
			t.Errorf("stopping what is stopped: %v", err)
		}

		second := r.mustStart()
		r.mustServe(second.URL)
		if second.URL == first.URL || !second.URLChanged {
			t.Errorf("a new start has a new token, and says so: changed is %v", second.URLChanged)
		}
		if r.id() != id {
			t.Error("the second start made another container")
		}
		if text := r.saved(); text != "kept" {
			t.Errorf("the notebook has become %q", text)
		}
	})
}

func TestRestartChangesToken(t *testing.T) {
	eachEngine(t, func(t *testing.T, r *rig) {
		r.Open()
		first := r.mustStart()
		second := r.must(r.Restart)
		r.mustServe(second.URL)
		if second.URL == first.URL || !second.URLChanged {
			t.Errorf("changed is %v", second.URLChanged)
		}

		// By somebody else.
		r.others("restart")
		third := r.until("another URL", func(s Snapshot) bool { return s.State == Ready && s.URL != second.URL })
		r.mustServe(third.URL)
		if !third.URLChanged {
			t.Error("a restart by somebody else changed the token unnoticed")
		}

		// While the program was not running.
		r.stop()
		r.others("restart")
		r.Open()
		if s := r.untilState(Ready); !s.URLChanged {
			t.Error("the token changed while the program was not running, unnoticed")
		}
		r.stop()
		r.Open()
		if s := r.untilState(Ready); s.URLChanged {
			t.Error("the same token counts as changed")
		}
	})
}

// TestSettingsAreBroughtUpToDate starts a container that an earlier version made.
func TestSettingsAreBroughtUpToDate(t *testing.T) {
	oneEngine(t, func(t *testing.T, r *rig) {
		r.Open()
		r.mustStart()
		const file = "/opt/colab-tray/jupyter/jupyter_server_config.py"
		content := r.docker("exec", r.profile.Runtime, "cat", file)
		if err := r.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.stop()
		r.server.Files = func(config.Profile) fs.FS {
			return fstest.MapFS{
				"opt/colab-tray/start.sh":     {Data: []byte("exec start-notebook.sh\n")},
				strings.TrimPrefix(file, "/"): {Data: []byte("# an earlier version\n")},
			}
		}
		r.Open()
		r.mustStart()
		if now := r.docker("exec", r.profile.Runtime, "cat", file); now == content {
			t.Fatal("the other version's settings were not put in")
		}
		if err := r.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.stop()
		r.server = shipped()
		r.Open()
		r.mustStart()
		if now := r.docker("exec", r.profile.Runtime, "cat", file); now != content {
			t.Errorf("the settings are now\n%s", now)
		}
	})
}

// TestSettingsArePutInOnce holds that an engine tells that a container has this
// version's settings already.
func TestSettingsArePutInOnce(t *testing.T) {
	anyEngine(t, oneEngine, func(t *testing.T, r *rig) {
		r.Open()
		r.mustStart()
		c, err := r.Manager.engine().Inspect(t.Context(), r.profile.Runtime)
		if err != nil || !hasServerFiles(t.Context(), r.Manager.engine(), r.server, r.profile, c) {
			t.Errorf("the settings were put in, but are not found there (%v)", err)
		}
	})
}

// TestOccupiedSettings: where somebody else's file is in the place of our settings, it
// stays, and none of ours is put beside it. One of ours, of any version, is in no way.
func TestOccupiedSettings(t *testing.T) {
	oneEngine(t, func(t *testing.T, r *rig) {
		const file, beside = "/usr/local/etc/jupyter/jupyter_notebook_config.py", "/usr/local/etc/jupyter/jupyter_server_config.py"
		r.docker("create", "--name", r.profile.Runtime, r.profile.Image)
		r.Open()
		made := r.untilState(Stopped).Container
		put := func(text string) {
			t.Helper()
			if err := r.engine().Put(t.Context(), made, fstest.MapFS{file[1:]: {Data: []byte(text), Mode: 0o644}}, time.Unix(1, 0)); err != nil {
				t.Fatal(err)
			}
		}
		put("# precious")
		p := r.Problem(r.Repair(t.Context()), problem.Occupied)
		if !strings.Contains(p.Hint, file) {
			t.Errorf("the hint is %q", p.Hint)
		}
		archive, err := r.engine().Get(t.Context(), made, file)
		if err != nil {
			t.Fatal(err)
		}
		defer archive.Close()
		if text, err := engine.ReadFile(archive); string(text) != "# precious" {
			t.Errorf("the file has become %q, %v", text, err)
		}
		if _, err := r.engine().Get(t.Context(), made, beside); !errors.Is(err, engine.ErrNotFound) {
			t.Errorf("beside it: %v", err)
		}
		c, err := r.engine().Inspect(t.Context(), made)
		if err != nil || !c.StartedAt.IsZero() {
			t.Errorf("the container was started: %v, %v", c.StartedAt, err)
		}

		put("# Written by Colab Tray. An earlier version.")
		o := &operation{engine: r.engine(), server: r.server, openGate: noGate}
		if err := o.checkFree(t.Context(), c, r.server.HandmadeFiles); err != nil {
			t.Errorf("our own file is in the way: %v", err)
		}
	})
}

func TestChangesByOthersShow(t *testing.T) {
	anyEngine(t, oneEngine, func(t *testing.T, r *rig) {
		r.Open()
		r.mustStart()
		r.others("stop")
		r.untilState(Stopped)
		r.others("start")
		r.untilState(Ready)
		r.others("kill")
		r.untilState(Stopped)
		r.others("start")
		r.untilState(Ready)
		r.others("pause")
		r.others("unpause")
		before := r.untilState(Ready)
		r.others("pause")
		if s := r.mustStart(); s.URL != before.URL {
			t.Error("what was paused goes on with another Backend URL")
		}
		r.others("rename away")
		r.untilState(Absent)
		r.others("rename back")
		r.untilState(Ready)
		r.others("remove")
		r.untilState(Absent)
		r.mustServe(r.mustStart().URL)
	})
}

// pause pauses the runtime. Where control groups are of version 1, runc gives up
// ("unable to freeze") when something in the container, such as a health check,
// just begins.
func (r *rig) pause() {
	r.t.Helper()
	testenv.WaitFor(r.t, "a pause", func() error {
		out, err := exec.Command("docker", "--host", r.host, "pause", r.profile.Runtime).CombinedOutput()
		if err != nil {
			err = fmt.Errorf("%w: %s", err, out)
		}
		return err
	})
	r.untilState(Paused)
}

// TestTakeover takes over what a plain script made: no labels, published on
// all interfaces, a command of its own.
func TestTakeover(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		image := r.profile.Image
		name := r.profile.Runtime
		r.docker("run", "-d", "--name", name, "--hostname", name, "-v", name+"-data:/home/jovyan",
			"-p", fmt.Sprintf("%d:8888", r.profile.Port), image, "start-notebook.sh",
			"--NotebookApp.allow_origin=https://colab.research.google.com", "--port=8888", "--NotebookApp.port_retries=0")
		before := r.docker("inspect", "--format", "{{.Id}} {{json .Config}} {{json .HostConfig}}", name)
		r.Open()
		s := r.untilState(Ready)
		if want := fmt.Sprintf("0.0.0.0:%d", r.profile.Port); s.Open != want || s.InnerPort != 8888 {
			t.Errorf("it is open to others at %q, and not %q, from port %d", s.Open, want, s.InnerPort)
		}
		r.mustServe(s.URL)
		r.mustServe(r.must(r.Restart).URL)
		if after := r.docker("inspect", "--format", "{{.Id}} {{json .Config}} {{json .HostConfig}}", name); after != before {
			t.Errorf("the container was changed from\n%s\nto\n%s", before, after)
		}
		if files := r.docker("diff", name); strings.Contains(files, "colab-tray") {
			t.Errorf("files were put into a container that is not ours:\n%s", files)
		}
	})
}

func TestDeathWhileStarting(t *testing.T) {
	anyEngine(t, oneEngine, func(t *testing.T, r *rig) {
		r.byHand(r.script("echo the disk says no; echo token=verysecret; exit 3", says("the disk says no\ntoken=verysecret\n", 3)))
		r.Open()
		p := r.Problem(r.Start(t.Context()), problem.DiedStarting)
		if !strings.Contains(p.Short, "exit code 3") || !strings.Contains(p.Hint, "the disk says no") {
			t.Errorf("the problem is %q, %q", p.Short, p.Hint)
		}
		if strings.Contains(p.Hint, "verysecret") {
			t.Errorf("the hint shows a token: %q", p.Hint)
		}
		if s := r.Snapshot(); s.State != Failed {
			t.Errorf("the state is %s", s.State)
		}

		// A program that is started later sees the failure too.
		r.stop()
		r.Open()
		if s := r.untilState(Failed); s.Problem.Code != problem.Exited {
			t.Errorf("later the problem is %q", s.Problem.Code)
		}
	})
}

func TestDeathAfterAWhile(t *testing.T) {
	anyEngine(t, oneEngine, func(t *testing.T, r *rig) {
		thinking := make(chan struct{})
		r.byHand(r.script("echo thinking; read never </dev/zero & sleep 1; kill $!; echo giving up; exit 4", func(p *memory.Process) int {
			_, _ = io.WriteString(p.Out, "thinking\n")
			<-thinking
			return says("giving up\n", 4)(p)
		}))
		r.Open()
		started := make(chan error, 1)
		go func() { started <- r.Start(t.Context()) }()
		r.until("the container", func(s Snapshot) bool { return s.State == Starting || s.State == Failed })
		close(thinking)
		p := r.Problem(<-started, problem.DiedStarting)
		if !strings.Contains(p.Hint, "giving up") {
			t.Errorf("the hint is %q", p.Hint)
		}
	})
}

func TestStaleInfoFiles(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		r.Open()
		r.mustStart()
		const dir = "/home/jovyan/.local/share/jupyter/runtime"
		r.docker("exec", r.profile.Runtime, "sh", "-c",
			`cd `+dir+` && for f in nbserver-1.json nbserver-7.json jpserver-1.json jpserver-7.json; do
				echo '{"token": "stale", "url": "http://localhost:8888/", "port": 8888, "pid": 7}' > $f; done
			 echo '{"token": ' > jpserver-9.json; mkdir jpserver-10.json; ln -s /etc/passwd jpserver-11.json
			 head -c 200000 /dev/zero > nbserver-12.json`)
		r.docker("kill", r.profile.Runtime)
		r.untilState(Stopped)
		r.mustServe(r.mustStart().URL)

		// And where the output cannot be followed from the start.
		r.stop()
		r.Open()
		r.mustServe(r.untilState(Ready).URL)
	})
}

func TestPortInUse(t *testing.T) {
	anyEngine(t, oneEngine, func(t *testing.T, r *rig) {
		other, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", r.profile.Port))
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		r.Open()
		p := r.Problem(r.Start(t.Context()), problem.PortInUse)
		if !strings.Contains(p.Short, fmt.Sprint(r.profile.Port)) || !strings.Contains(p.Short, fmt.Sprintf("process %d", os.Getpid())) {
			t.Errorf("the problem is %q", p.Short)
		}
		if acts := r.Snapshot().Acts(); len(acts) == 0 || acts[0].Name != problem.ActUsePort || acts[0].Port <= r.profile.Port {
			t.Errorf("the acts are %v", acts)
		}
		r.nothingMade()
		_ = other.Close()
		r.mustServe(r.mustStart().URL)

		// It is taken while the runtime is stopped.
		if err := r.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if other, err = net.Listen("tcp", other.Addr().String()); err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		r.Problem(r.Start(t.Context()), problem.PortInUse)
		_ = other.Close()
		r.mustServe(r.mustStart().URL)
	})
}

// takeFreed listens at a port that was just freed. Whatever this process starts meanwhile
// has the listener of before as well, until it runs its own program.
func takeFreed(t *testing.T, port int) (l net.Listener) {
	t.Helper()
	testenv.WaitFor(t, "the port", func() (err error) {
		l, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		return err
	})
	return l
}

// snatched is an engine on which another program takes the port of a container that it
// stops.
type snatched struct {
	*memory.Engine
	take func()
}

func (s snatched) Stop(ctx context.Context, id string, grace time.Duration) error {
	err := s.Engine.Stop(ctx, id, grace)
	s.take()
	return err
}

// TestPortIsTakenMeanwhile: a restart whose port is taken between its stop and its start
// says by whom, and keeps the container for when the port is free.
func TestPortIsTakenMeanwhile(t *testing.T) {
	t.Parallel()
	r := newRig(t, inMemory(t), testenv.Notebook6)
	var other net.Listener
	r.memory.as = snatched{r.memory.Engine, func() {
		other = takeFreed(t, r.profile.Port)
	}}
	r.Open()
	before := r.mustStart()
	p := r.Problem(r.Restart(t.Context()), problem.PortInUse)
	if !strings.Contains(p.Short, fmt.Sprintf("process %d", os.Getpid())) {
		t.Errorf("the problem is %q", p.Short)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	after := r.mustStart()
	r.mustServe(after.URL)
	if after.Container != before.Container {
		t.Errorf("the container is another one: %+v", after)
	}
}

func TestPublishedPorts(t *testing.T) {
	anyEngine(t, oneEngine, func(t *testing.T, r *rig) {
		r.Open()
		before := r.mustStart()
		other, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		port := other.Addr().(*net.TCPAddr).Port
		r.change(func(p *config.Profile) { p.Ports = []config.PublishedPort{{Host: port, Container: 6006}} })
		refused := r.Problem(r.Restart(t.Context()), problem.RolledBack)
		if !strings.Contains(refused.Hint, fmt.Sprint(port)) || !strings.Contains(refused.Hint, fmt.Sprintf("process %d", os.Getpid())) {
			t.Errorf("the problem is %q", refused.Hint)
		}
		if s := r.Snapshot(); s.Container != before.Container {
			t.Errorf("the container is another one: %+v", s)
		}
		_ = other.Close()
		if err := r.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		if c, err := r.Container(t.Context()); err != nil || c.Ports[6006] != port {
			t.Errorf("the ports are %v, %v", c.Ports, err)
		}
	})
}

func TestPortInUseByAnotherRuntime(t *testing.T) {
	anyEngine(t, oneEngine, func(t *testing.T, r *rig) {
		r.Open()
		r.mustStart()
		other := r.neighbour()
		other.profile.Port = r.profile.Port
		other.Open()
		p := other.Problem(other.Start(t.Context()), problem.PortInUse)
		if !strings.Contains(p.Short, r.profile.Runtime) {
			t.Errorf("the problem is %q", p.Short)
		}
		other.nothingMade()
	})
}

func TestInterruptedStartIsUndone(t *testing.T) {
	anyEngine(t, eachServer, func(t *testing.T, r *rig) {
		r.Open()
		r.untilState(Absent)
		enough := r.slowly()
		ctx, cancel := context.WithCancel(t.Context())
		cancelled := make(chan error)
		go func() { cancelled <- r.Start(ctx) }()
		r.untilState(Starting)
		cancel()
		if err := <-cancelled; !errors.Is(err, context.Canceled) {
			t.Fatalf("the interrupted start returned %v", err)
		}
		if r.runs() {
			t.Error("the interrupted start left the container running")
		}
		if s := r.Snapshot(); s.State != Absent && s.State != Stopped {
			t.Errorf("the state is %s", s.State)
		}
		enough()
		r.mustServe(r.mustStart().URL)
	})
}

func TestLogsMaskTheToken(t *testing.T) {
	anyEngine(t, eachRig, func(t *testing.T, r *rig) {
		r.Open()
		theSecret := r.mustStart().URL.Token().Reveal()
		if raw := r.message(); !strings.Contains(raw, theSecret) {
			t.Fatalf("the raw output does not show the token, so this test proves nothing:\n%s", raw)
		}
		var out bytes.Buffer
		if err := r.Logs(t.Context(), &out, LogOptions{}); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(out.String(), theSecret) || !strings.Contains(out.String(), secret.Redacted) {
			t.Errorf("the log is\n%s", &out)
		}
		if strings.Contains(r.log.String(), theSecret) {
			t.Error("the program's own log shows the token")
		}
	})
}

// TestPodmanComesAndGoes: containers of Podman go on when its service ends, also by
// kill -9.
func TestPodmanComesAndGoes(t *testing.T) {
	testenv.Takes(t, "it starts Jupyter on a real engine")
	r := newRig(t, onPodman(t), testenv.FakeJupyter)
	r.Open()
	first := r.mustStart()
	for _, end := range []func(testing.TB){r.podman.Stop, r.podman.Kill} {
		end(t)
		r.withoutEngine()
		r.podman.Start(t)
		if s := r.untilState(Ready); s.URL != first.URL || s.URLChanged {
			t.Errorf("the runtime had gone on, but now: %+v", s)
		}
		r.mustServe(first.URL)
	}
}

// withoutEngine waits until it is shown that there is no engine.
func (r *rig) withoutEngine() {
	r.t.Helper()
	// A request that the end meets is told as one that was cut off, until the next one.
	if s := r.until("no engine", func(s Snapshot) bool {
		return s.State == NoEngine && s.Problem != nil && s.Problem.Code == problem.NoEngine
	}); !s.URL.IsZero() {
		r.t.Errorf("without an engine: %+v", s)
	}
	r.Problem(r.Start(r.t.Context()), problem.NoEngine)
}

func TestEngineComesAndGoes(t *testing.T) {
	comesAndGoes := func(t *testing.T, r *rig, stop, start func()) {
		r.Open()
		r.mustStart()

		stop()
		r.withoutEngine()

		start()
		r.until("the engine again", func(s Snapshot) bool { return s.State == Stopped || s.State == Failed })
		r.mustServe(r.mustStart().URL)
	}
	t.Parallel()
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, inMemory(t), testenv.Server2)
		comesAndGoes(t, r, func() {
			r.others("kill") // as Docker's containers end with it
			r.memory.SetDown(true)
		}, func() { r.memory.SetDown(false) })
	})
	t.Run("docker", func(t *testing.T) {
		testenv.Takes(t, "a private engine has to start")
		t.Parallel()
		private := testenv.PrivateEngine(t)
		r := newRigOf(t, site{host: private.Host()}, private.Load(t, testenv.FakeJupyter))
		comesAndGoes(t, r, func() { private.Stop(t) }, func() { private.Start(t) })
	})
}
