package runtime

import (
	"archive/tar"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"colabtray/internal/engine"
	"colabtray/internal/engine/memory"
	"colabtray/test/testenv"
)

// anyEngine runs a test of what the program does whatever engine it has: on the
// engine in memory, where a start takes no time, and with CI set on the real ones
// that each tries as well. The engines' own suite holds that they do the same.
func anyEngine(t *testing.T, each func(*testing.T, func(*testing.T, *rig)), test func(t *testing.T, r *rig)) {
	if testenv.Full() {
		each(t, test)
	} else {
		t.Parallel()
	}
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		test(t, newRig(t, inMemory(t), testenv.Notebook6))
	})
}

// anySite is [anyEngine] with Docker for a test with several runtimes.
func anySite(t *testing.T, test func(t *testing.T, at site)) {
	if testenv.Full() {
		realEngine(t)
		onSite(t, "docker", test)
	} else {
		t.Parallel()
	}
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		test(t, inMemory(t))
	})
}

// inMemorySite is what there is of the engine in memory beside itself.
type inMemorySite struct {
	*memory.Engine
	// as is what the program has in the engine's place, nil for the engine itself.
	as engine.Engine

	mu      sync.Mutex
	names   int           // given to runtimes
	slow    chan struct{} // what Jupyter waits for before it answers; nil for nothing
	scripts map[string]func(*memory.Process) int
}

// inMemory is an engine in memory of the test's own, which has the test environment's images.
func inMemory(t *testing.T) site {
	m := &inMemorySite{Engine: memory.New(), scripts: map[string]func(*memory.Process) int{}}
	t.Cleanup(func() { _ = m.Close() })
	for _, name := range images {
		m.AddImage(name, m.jupyter())
	}
	return site{memory: m}
}

// jupyter is an image whose containers also run the scripts of the test.
func (m *inMemorySite) jupyter() memory.Image {
	image := memory.Jupyter()
	for name, serve := range image.Commands {
		image.Commands[name] = func(p *memory.Process) int {
			m.mu.Lock()
			slow, script := m.slow, m.scripts[p.Args[len(p.Args)-1]]
			m.mu.Unlock()
			if script != nil {
				return script(p)
			}
			if slow != nil {
				select {
				case <-slow:
				case <-p.Term:
					return 143
				}
			}
			return serve(p)
		}
	}
	return image
}

// name returns a name for a runtime that nothing else has.
func (m *inMemorySite) name() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.names++
	return fmt.Sprint("in-memory-", m.names)
}

// script is what a shell script does, for the engine in memory.
func (r *rig) script(text string, does func(*memory.Process) int) string {
	if r.memory != nil {
		r.memory.mu.Lock()
		defer r.memory.mu.Unlock()
		r.memory.scripts[text] = does
	}
	return text
}

// says is a script that says something and ends.
func says(text string, code int) func(*memory.Process) int {
	return func(p *memory.Process) int {
		_, _ = io.WriteString(p.Out, text)
		return code
	}
}

// slowly has Jupyter not answer until the returned function is called. A real one
// is slow enough.
func (r *rig) slowly() (enough func()) {
	if r.memory == nil {
		return func() {}
	}
	slow := make(chan struct{})
	r.memory.mu.Lock()
	defer r.memory.mu.Unlock()
	r.memory.slow = slow
	return func() { close(slow) }
}

// others has somebody else do something with the container: start, stop, restart,
// kill, pause, unpause, or remove it.
func (r *rig) others(action string) {
	r.t.Helper()
	switch {
	case action == "pause" && r.memory == nil:
		r.pause()
		return
	case action == "pause":
		defer r.untilState(Paused)
	}
	r.site.others(r.t, action, r.profile.Runtime)
}

// otherName is another name for a container.
func otherName(name string) string { return "was-" + name }

// others has somebody do something with a container.
func (s site) others(t *testing.T, action, name string) {
	t.Helper()
	if s.memory == nil {
		args := map[string][]string{
			"remove":      {"rm", "-f", name},
			"rename away": {"rename", name, otherName(name)},
			"rename back": {"rename", otherName(name), name},
		}[action]
		if args == nil {
			args = []string{action, name}
		}
		testenv.DockerAt(t, s.host, args...)
		return
	}
	e, ctx := s.memory, t.Context()
	var err error
	switch action {
	case "start", "unpause":
		err = e.Start(ctx, name)
	case "stop":
		err = e.Stop(ctx, name, longEnough)
	case "restart":
		err = errors.Join(e.Stop(ctx, name, longEnough), e.Start(ctx, name))
	case "kill":
		err = e.Kill(ctx, name)
	case "pause":
		err = e.Pause(ctx, name)
	case "rename away":
		err = e.Rename(ctx, name, otherName(name))
	case "rename back":
		err = e.Rename(ctx, otherName(name), name)
	case "remove":
		err = errors.Join(e.Kill(ctx, name), e.Remove(ctx, name))
	default:
		t.Fatalf("nobody can %s a container", action)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// runs reports whether a container does.
func (s site) runs(t *testing.T, name string) bool {
	t.Helper()
	if s.memory == nil {
		return testenv.DockerAt(t, s.host, "inspect", "--format", "{{.State.Running}}", name) == "true"
	}
	c, err := s.memory.Inspect(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return c.Running
}

// byHand makes a container as a person does, which runs a script.
func (r *rig) byHand(script string) {
	r.t.Helper()
	if r.memory == nil {
		r.docker("create", "--name", r.profile.Runtime, "-p", fmt.Sprintf("127.0.0.1:%d:8888", r.profile.Port), r.profile.Image, "sh", "-c", script)
		return
	}
	_, err := r.memory.Create(r.t.Context(), engine.Spec{
		Name: r.profile.Runtime, Hostname: r.profile.Runtime, Image: r.profile.Image, Cmd: []string{"sh", "-c", script},
		InnerPort: 8888, Port: r.profile.Port, Volume: "others", DataDir: "/home/jovyan",
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

// inspect asks the engine in memory for the container.
func (r *rig) inspect() engine.Container {
	r.t.Helper()
	c, err := r.memory.Inspect(r.t.Context(), r.profile.Runtime)
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

// id returns the ID of the runtime's container.
func (r *rig) id() string {
	r.t.Helper()
	if r.memory != nil {
		return r.inspect().ID
	}
	return r.docker("inspect", "--format", "{{.Id}}", r.profile.Runtime)
}

// runs reports whether the runtime's container does.
func (r *rig) runs() bool {
	r.t.Helper()
	if r.memory != nil {
		return r.inspect().Running
	}
	return r.docker("ps", "-q", "--filter", "name=^/"+r.profile.Runtime+"$") != ""
}

const notebook = "/home/jovyan/work.ipynb"

// save writes a notebook in the container.
func (r *rig) save(text string) {
	r.t.Helper()
	if r.memory == nil {
		r.docker("exec", r.profile.Runtime, "sh", "-c", `echo "$1" > "$2"`, "sh", text, notebook)
		return
	}
	if err := r.memory.Put(r.t.Context(), r.id(), fstest.MapFS{notebook[1:]: {Data: []byte(text)}}, time.Now()); err != nil {
		r.t.Fatal(err)
	}
}

// saved returns the text of the notebook in the container.
func (r *rig) saved() string {
	r.t.Helper()
	if r.memory == nil {
		return r.docker("exec", r.profile.Runtime, "cat", notebook)
	}
	archive, err := r.memory.Get(r.t.Context(), r.id(), notebook)
	if err != nil {
		r.t.Fatal(err)
	}
	defer archive.Close()
	text, err := engine.ReadFile(archive)
	if err != nil {
		r.t.Fatal(err)
	}
	return string(text)
}

// message returns the output of the container, with its secrets.
func (r *rig) message() string {
	r.t.Helper()
	if r.memory == nil {
		out, err := exec.Command("docker", "--host", r.host, "logs", r.profile.Runtime).CombinedOutput()
		if err != nil {
			r.t.Fatalf("%v: %s", err, out)
		}
		return string(out)
	}
	out, err := r.memory.Logs(r.t.Context(), r.inspect(), engine.LogQuery{Tail: -1})
	if err != nil {
		r.t.Fatal(err)
	}
	defer out.Close()
	text, _ := io.ReadAll(out)
	return string(text)
}

// mustBeAlone fails the test when a container of the runtime is there under another
// name.
func (r *rig) mustBeAlone() {
	r.t.Helper()
	var names string
	if r.memory != nil {
		all, err := r.memory.Named(r.t.Context(), r.profile.Runtime)
		if err != nil {
			r.t.Fatal(err)
		}
		var found []string
		for name := range all {
			found = append(found, name)
		}
		slices.Sort(found)
		names = strings.Join(found, "\n")
	} else {
		names = r.docker("ps", "-a", "--filter", "label="+engine.LabelRuntime+"="+r.profile.Runtime, "--format", "{{.Names}}")
	}
	if names != r.profile.Runtime {
		r.t.Errorf("the runtime's containers are %q", names)
	}
}

// nothingMade asserts that there is neither container nor volume.
func (r *rig) nothingMade() {
	r.t.Helper()
	if r.memory != nil {
		if r.inspect().Exists || r.HasVolume() {
			r.t.Errorf("left behind: %+v; a volume: %v", r.inspect(), r.HasVolume())
		}
		return
	}
	left := r.docker("ps", "-aq", "--filter", "name=^/"+r.profile.Runtime+"$") +
		r.docker("volume", "ls", "-q", "--filter", "name="+r.profile.Volume())
	if left != "" {
		r.t.Errorf("left behind: %s", left)
	}
}

// HasVolume reports whether the runtime's volume is there.
func (r *rig) HasVolume() bool {
	r.t.Helper()
	if r.memory == nil {
		return r.docker("volume", "ls", "-q", "--filter", "name=^"+r.profile.Volume()+"$") != ""
	}
	there, err := r.memory.HasVolume(r.t.Context(), r.profile.Volume())
	if err != nil {
		r.t.Fatal(err)
	}
	return there
}

// withVolume does something with a helper of the engine in memory that has the
// volume at /volume.
func (r *rig) withVolume(do func(helper string) error) {
	r.t.Helper()
	ctx := r.t.Context()
	helper, err := r.memory.CreateHelper(ctx, engine.HelperSpec{
		Runtime: "others", Image: r.profile.Image, Volume: r.profile.Volume(), Path: "/volume", Cmd: []string{"sh"},
	})
	if err == nil {
		err = do(helper)
	}
	if err := errors.Join(err, r.memory.RemoveHelper(ctx, helper)); err != nil {
		r.t.Fatal(err)
	}
}

// putInVolume puts files into the volume of a runtime in memory.
func (r *rig) putInVolume(files fstest.MapFS) {
	r.t.Helper()
	there := fstest.MapFS{}
	for name, file := range files {
		there["volume/"+name] = file
	}
	r.withVolume(func(helper string) error { return r.memory.Put(r.t.Context(), helper, there, time.Now()) })
}

// contentInMemory is [rig.content] for the engine in memory.
func (r *rig) contentInMemory() string {
	r.t.Helper()
	var all strings.Builder
	r.withVolume(func(helper string) error {
		archive, err := r.memory.ReadHelper(r.t.Context(), helper, "/volume")
		if err != nil {
			return err
		}
		defer archive.Close()
		files := tar.NewReader(archive)
		for {
			h, err := files.Next()
			if errors.Is(err, io.EOF) {
				return nil
			}
			sum := sha256.New()
			if _, errRead := io.Copy(sum, files); err != nil || errRead != nil {
				return errors.Join(err, errRead)
			}
			fmt.Fprintf(&all, "%s %d %o %d:%d %s %s %x\n", h.Name, h.Typeflag, h.Mode, h.Uid, h.Gid, h.ModTime, h.Linkname, sum.Sum(nil))
		}
	})
	return all.String()
}
