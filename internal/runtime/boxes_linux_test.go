package runtime

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"colabtray/internal/colab"
	"colabtray/internal/config"
	"colabtray/internal/data"
	"colabtray/internal/engine"
	"colabtray/internal/engine/docker"
	"colabtray/internal/problem"
	"colabtray/test/testenv"
)

// TestTwoBoxes: two profiles with one name for their containers have a runtime each on two
// computers with engines of their own. What each needs and makes is there, and nothing
// here. They become ready and serve here, and stay ready and the same while the connection
// to their box is repaired, and when the box or this computer gets another address. One of them is stopped for idleness,
// and woken.
func TestTwoBoxes(t *testing.T) {
	testenv.Takes(t, "it starts engines on machines of their own")
	t.Parallel()
	box := []*testenv.Machine{testenv.NewMachine(t), testenv.NewMachine(t)}
	for _, b := range box {
		knowComputer(t, b.Name, b.Program())
	}
	name := testenv.RuntimeName(t)
	const there = "/var/tmp/there" // a folder of the first box alone
	if err := os.Mkdir(box[0].Path(there), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(box[0].Path(there), "file"), []byte("there"), 0o644); err != nil {
		t.Fatal(err)
	}
	box[0].Provide(t, "nvidia-smi", `echo 'NVIDIA L4, 550.54, 23034 MiB'`)
	profile := func(i int) config.Profile {
		p := config.Default()
		p.Name, p.Runtime, p.Port = fmt.Sprint("box", i), name, testenv.FreePort(t)
		p.Engine, p.Image = box[i].Address(), box[i].Load(t, testenv.FakeJupyter)
		p.Folders = []config.Folder{{Host: there, Path: "/data"}}
		return p
	}
	r := (&rig{t: t, profile: profile(0)}).waking()
	one, two := r.profile, profile(1)
	nothingHere := func() {
		t.Helper()
		for _, list := range [][]string{
			{"ps", "--all", "--filter", "name=" + name},
			{"volume", "ls", "--filter", "name=" + name},
			{"images", one.Image},
			{"images", two.Image},
		} {
			if left := testenv.Docker(t, append(list, "--quiet")...); left != "" {
				t.Errorf("of docker %v this computer has %s", list, left)
			}
		}
	}
	in := func(i int, script string) string {
		t.Helper()
		return testenv.DockerAt(t, box[i].Host(), "exec", name, "sh", "-c", script)
	}

	log := toldOnFailure(t)
	links := NewLinks(func(address string) engine.Engine { return docker.Open(address, log) }, log)
	options := Options{Server: shipped(), Log: log, StopIdle: true, WakeFor: colab.Origin, Locks: t.TempDir()}
	f := &fleetRig{NewFleet(links, byName(one, two), one.Name, options), t}
	f.runWith(links)
	r.Problem(f.Start(t.Context(), two.Name), problem.FolderMissing)
	two.Folders = nil
	f.Update(byName(one, two))
	first, second := f.mustStart(one.Name), f.mustStart(two.Name)
	if first.Engine.Elsewhere() != box[0].Name || !first.Listens || first.Port != one.Port {
		t.Errorf("the first one is %+v", first)
	}
	if second.Engine.Elsewhere() != box[1].Name || second.Container == first.Container {
		t.Errorf("the second one is %+v", second)
	}
	f.mustServe(first.URL)
	f.mustServe(second.URL)
	nothingHere()

	// The gateway is the only way to it: the box publishes it on its own loopback alone.
	m, err := f.Manager(one.Name)
	if err != nil {
		t.Fatal(err)
	}
	c, err := m.Container(t.Context())
	if err != nil || c.Ports[first.InnerPort] == 0 || box[0].Listens(c.Ports[first.InnerPort]) {
		t.Errorf("the box publishes %v for everybody, or %v", c.Ports, err)
	}
	if cards, err := m.CardsThere(t.Context()); err != nil || !slices.Equal(cards, []string{"NVIDIA L4, 550.54, 23034 MiB"}) {
		t.Errorf("the graphics cards of the box are %q, %v", cards, err)
	}
	if got := in(0, "cat /data/file"); got != "there" {
		t.Errorf("the file in the folder of the box is %q", got)
	}

	// From here on it is never told as anything but ready.
	watching, stop := context.WithCancel(t.Context())
	overviews := f.Watch(watching)
	seen := make(chan []State, 1)
	go func() {
		var states []State
		for o := range overviews {
			if s, _ := o.Of(one.Name); s.State != Ready {
				states = append(states, s.State)
			}
		}
		seen <- states
	}()
	started := func() string {
		return testenv.DockerAt(t, box[0].Host(), "inspect", "--format", "{{.Id}} {{.State.StartedAt}}", name)
	}
	before := started()
	for _, fault := range []func(testing.TB){box[0].Kill, box[0].Restart, box[0].Silence, box[0].Move, box[0].MoveHere} {
		fault(t)
		repaired(t, first.Port)
		f.mustServe(first.URL)
	}
	if now := started(); now != before {
		t.Errorf("the container was %s and is %s", before, now)
	}
	// What happens there is heard of again.
	testenv.DockerAt(t, box[1].Host(), "stop", name)
	f.untilState(two.Name, Stopped)
	stop()
	if states := <-seen; len(states) > 0 {
		t.Errorf("meanwhile it was %v", states)
	}
	if err := f.Stop(t.Context(), one.Name); err != nil {
		t.Fatal(err)
	}
	if s := f.mustStart(one.Name); s.Container != first.Container {
		t.Error("the container was made anew")
	}

	// The backup is a file of this computer.
	in(0, "echo kept > ~/work.ipynb")
	file := filepath.Join(t.TempDir(), "b.tar.zst")
	if _, err := m.Backup(t.Context(), data.BackupOptions{File: file}); err != nil {
		t.Fatal(err)
	}
	in(0, "echo lost > ~/work.ipynb")
	if r, err := m.Restore(t.Context(), data.RestoreOptions{File: file, Confirm: yes, NoBackup: true}); err != nil || !r.Started {
		t.Fatalf("restored: %+v, %v", r, err)
	}
	if got := in(0, "cat ~/work.ipynb"); got != "kept" {
		t.Errorf("after the restore the notebook is %q", got)
	}
	nothingHere()

	one.IdleStop = 2 * time.Second
	f.Update(byName(one, two))
	if s := f.untilState(one.Name, Stopped); !s.IdleStopped {
		t.Errorf("stopped, but not for idleness: %+v", s)
	}
	one.IdleStop = 0
	f.Update(byName(one, two))
	if status, byGateway := r.ask(connects, keptToken); byGateway {
		t.Errorf("connecting was answered by the gateway, with %d", status)
	}
	if s := f.untilState(one.Name, Ready); s.Container != first.Container || !s.Woken {
		t.Errorf("woken: %+v", s)
	}
	if _, err := m.Delete(t.Context(), data.DeleteOptions{Data: true, NoBackup: true}); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"", name} {
		if got := testenv.DockerAt(t, box[i].Host(), "ps", "--all", "--format", "{{.Names}}"); got != want {
			t.Errorf("after the deletion box %d has the containers %q", i, got)
		}
	}
}

// repaired waits until a runtime answers again. What was on its way is lost with the
// connection, as it is in a browser.
func repaired(t *testing.T, port int) {
	t.Helper()
	testenv.WaitFor(t, "the connection to the box", func() error {
		answer, err := http.Get(fmt.Sprintf("http://localhost:%d/api", port))
		if err == nil {
			err = answer.Body.Close()
		}
		return err
	})
}

func ownerOf(t *testing.T, path string) uint32 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t).Uid
}

// TestPodmanBox: a rootless Podman on a box is found, and has all that a runtime needs.
func TestPodmanBox(t *testing.T) {
	testenv.Takes(t, "it starts an engine on a machine of its own")
	t.Parallel()
	box := testenv.NewPodmanMachine(t)
	knowComputer(t, box.Name, box.Program())
	p := config.Default()
	p.Runtime, p.Port = testenv.RuntimeName(t), testenv.FreePort(t)
	p.Engine, p.Image = box.Address(), box.Load(t, testenv.FakeJupyter)
	p.Folders = []config.Folder{{Host: box.Folder(t), Path: "/home/jovyan/f"}}
	log := toldOnFailure(t)
	links := NewLinks(func(address string) engine.Engine { return docker.Open(address, log) }, log)
	f := &fleetRig{NewFleet(links, byName(p), p.Name, Options{Server: shipped(), Log: log, Locks: t.TempDir()}), t}
	f.runWith(links)

	s := f.mustStart(p.Name)
	if e := s.Engine; e.Elsewhere() != box.Name || !e.Kind.Podman || !e.Kind.Rootless {
		t.Errorf("the engine is %+v", e)
	}
	f.mustServe(s.URL)
	m, err := f.Manager(p.Name)
	if err != nil {
		t.Fatal(err)
	}
	c, err := m.Container(t.Context())
	if err != nil || c.Ports[s.InnerPort] == 0 || box.Listens(c.Ports[s.InnerPort]) {
		t.Errorf("the box publishes %v for everybody, or %v", c.Ports, err)
	}
	in := func(script string) string {
		t.Helper()
		var out strings.Builder
		if code, err := m.Shell(t.Context(), engine.Command{Args: []string{"sh", "-c", script}, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out}); code != 0 || err != nil {
			t.Errorf("%s: %d, %v: %s", script, code, err, &out)
		}
		return out.String()
	}
	if got := in("cd && echo kept > work.ipynb && echo ours > f/new && cat f/new && stat -c %u:%g f/new"); got != "ours\n1000:100\n" {
		t.Errorf("in the container it says %q", got)
	}
	if folder := box.Path(p.Folders[0].Host); ownerOf(t, folder) != ownerOf(t, filepath.Join(folder, "new")) {
		t.Error("what a notebook wrote into the folder belongs to somebody else")
	}
	box.Kill(t)
	repaired(t, s.Port)
	f.mustServe(s.URL)

	if err := f.Stop(t.Context(), p.Name); err != nil {
		t.Fatal(err)
	}
	s = f.mustStart(p.Name)
	f.mustServe(s.URL)
	if got := in("cat ~/work.ipynb"); got != "kept\n" {
		t.Errorf("after a stop and a start the notebook is %q", got)
	}
	if _, err := m.Delete(t.Context(), data.DeleteOptions{Data: true, NoBackup: true}); err != nil {
		t.Fatal(err)
	}
	for _, list := range []string{"ps --all", "volume ls"} {
		if left := testenv.DockerAt(t, box.Host(), append(strings.Fields(list), "--quiet")...); left != "" {
			t.Errorf("after the deletion, docker %s on the box has %s", list, left)
		}
	}
}
