package runtime_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"colabtray/internal/colab"
	"colabtray/internal/config"
	"colabtray/internal/data"
	"colabtray/internal/engine"
	"colabtray/internal/engine/memory"
	"colabtray/internal/jupyter"
	"colabtray/internal/problem"
	"colabtray/internal/runtime"
	"colabtray/test/testenv"
)

// memoryRuntime is a runtime on an engine in memory: a start takes no time.
type memoryRuntime struct {
	*runtime.Manager
	t      *testing.T
	engine *memory.Engine
	end    func() // as if the program was killed
}

// inMemory makes a runtime that does not exist yet, of an image that only the
// registry has. The runtime sees the engine as the function returns it.
func inMemory(t *testing.T, as func(engine.Engine) engine.Engine) *memoryRuntime {
	t.Helper()
	e := memory.New()
	t.Cleanup(func() { _ = e.Close() })
	image := memory.Jupyter()
	image.Layers = []int64{1 << 20}
	e.Publish("example/jupyter:1", image)
	p := config.Default()
	p.Image, p.Port, p.Runtime, p.IdleStop = "example/jupyter:1", testenv.FreePort(t), "in-memory", time.Hour
	return openInMemory(t, e, p, as)
}

// openInMemory opens a runtime as a program does that begins.
func openInMemory(t *testing.T, e *memory.Engine, p config.Profile, as func(engine.Engine) engine.Engine) *memoryRuntime {
	t.Helper()
	m := &memoryRuntime{t: t, engine: e}
	log := slog.New(slog.DiscardHandler)
	link := runtime.NewLink(as(m.engine), log)
	m.Manager = runtime.NewManager(link, p, runtime.Options{
		Server: runtime.Server{Cmd: colab.StartCommand(), Files: colab.ServerFiles, HandmadeFiles: colab.HandmadeFiles(), Ours: colab.IsOurs},
		Tokens: jupyter.NewTokenStore(filepath.Join(t.TempDir(), "tokens.json"), log), Backups: t.TempDir(), Log: log,
		News: runtime.NewImageNews(filepath.Join(t.TempDir(), "images.json"), true, log), AskRegistries: true,
	})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { link.Run(ctx) })
	running.Go(func() { m.Run(ctx) })
	m.end = sync.OnceFunc(func() {
		cancel()
		running.Wait()
	})
	t.Cleanup(m.end)
	return m
}

func itself(e engine.Engine) engine.Engine { return e }

// must does something that has to go well, and returns what is known then.
func (m *memoryRuntime) must(action func(context.Context) error) runtime.Snapshot {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(m.t.Context(), time.Minute)
	defer cancel()
	if err := action(ctx); err != nil {
		m.t.Fatal(err)
	}
	return m.Snapshot()
}

// until waits for a snapshot.
func (m *memoryRuntime) until(is func(runtime.Snapshot) bool) runtime.Snapshot {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(m.t.Context(), time.Minute)
	defer cancel()
	var s runtime.Snapshot
	for s = range m.Watch(ctx) {
		if is(s) {
			return s
		}
	}
	m.t.Fatalf("waited in vain; it is %+v, problem %+v", s, s.Problem)
	return s
}

func (m *memoryRuntime) Container() engine.Container {
	m.t.Helper()
	c, err := m.engine.Inspect(m.t.Context(), m.Profile().Runtime)
	if err != nil {
		m.t.Fatal(err)
	}
	return c
}

// TestLifecycle: a runtime is pulled, made, stopped, made anew from other settings,
// and deleted, while its data stay as long as they are wanted.
func TestLifecycle(t *testing.T) {
	m := inMemory(t, itself)
	s := m.until(func(s runtime.Snapshot) bool { return s.State == runtime.Absent })
	if all := (engine.Features{Replace: true, Update: true, Data: true, Stats: true, IdleStop: true, Shell: true, Packages: true}); s.Engine.Features != all || !s.Engine.Local {
		t.Errorf("the engine is %+v", s.Engine)
	}
	first := m.must(m.Start)
	if first.State != runtime.Ready || !first.Ours || first.Port != m.Profile().Port || first.URL.Port() != first.Port || len(first.Warnings) > 0 {
		t.Errorf("after the first start it is %+v", first)
	}
	answer, err := http.Get(first.URL.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	http.DefaultClient.CloseIdleConnections()

	made := m.Container()
	if image, server := m.Versions(t.Context()); image != made.ImageID || server != "2.0.0" {
		t.Errorf("the image is %s, and Jupyter %s", image, server)
	}
	if err := m.engine.Put(t.Context(), made.ID, fstest.MapFS{"home/jovyan/work.ipynb": {Data: []byte("work")}}, time.Now()); err != nil {
		t.Fatal(err)
	}
	if s := m.must(m.Stop); s.State != runtime.Stopped || s.Port != first.Port || !s.URL.IsZero() {
		t.Errorf("after the stop it is %+v", s)
	}
	second := m.must(m.Start)
	if second.State != runtime.Ready || !second.URLChanged || m.Container().ID != made.ID {
		t.Errorf("after the second start it is %+v", second)
	}

	p := m.Profile()
	p.Memory, p.Port = 1<<30, testenv.FreePort(t)
	m.SetProfile(p)
	m.until(func(s runtime.Snapshot) bool { return s.RestartToApply && s.Port == first.Port })
	third := m.must(m.Restart)
	anew := m.Container()
	if third.State != runtime.Ready || third.RestartToApply || third.Port != p.Port || anew.ID == made.ID || anew.Effective.Memory != p.Memory {
		t.Errorf("after the restart with other settings it is %+v", third)
	}
	if _, err := m.engine.Get(t.Context(), anew.ID, "/home/jovyan/work.ipynb"); err != nil {
		t.Errorf("the data: %v", err)
	}

	deleted, err := m.Delete(t.Context(), data.DeleteOptions{Data: true})
	if err != nil || !deleted.Container || !deleted.Volume || deleted.Backup == "" {
		t.Fatalf("deleted was %+v, %#v", deleted, err)
	}
	m.until(func(s runtime.Snapshot) bool { return s.State == runtime.Absent })
	if there, err := m.engine.HasVolume(t.Context(), p.Volume()); there || err != nil {
		t.Errorf("that the volume is there: %t, %v", there, err)
	}
}

// TestRollback: settings with which the container does not start are given up for
// those with which it did.
func TestRollback(t *testing.T) {
	m := inMemory(t, itself)
	m.must(m.Start)
	before := m.Container()
	m.engine.AddImage("example/broken:1", memory.Image{
		Config:   memory.Jupyter().Config,
		Commands: map[string]func(*memory.Process) int{"sh": func(*memory.Process) int { return 5 }},
	})
	p := m.Profile()
	p.Image = "example/broken:1"
	m.SetProfile(p)
	m.until(func(s runtime.Snapshot) bool { return s.RestartToApply })
	err := m.Restart(t.Context())
	if shown, is := err.(*problem.Problem); !is || shown.Code != problem.RolledBack {
		t.Errorf("the restart ended with %v", err)
	}
	m.until(func(s runtime.Snapshot) bool { return s.State == runtime.Ready })
	if now := m.Container(); now.ID != before.ID || !now.Running {
		t.Errorf("the container is %+v", now)
	}
}

// TestEngineGone: while the engine does not answer nothing is known of a runtime,
// which goes on meanwhile.
func TestEngineGone(t *testing.T) {
	m := inMemory(t, itself)
	before := m.must(m.Start)
	m.engine.SetDown(true)
	m.until(func(s runtime.Snapshot) bool { return s.State == runtime.NoEngine && s.Problem != nil })
	m.engine.SetDown(false)
	if after := m.until(func(s runtime.Snapshot) bool { return s.State == runtime.Ready }); after.URL != before.URL {
		t.Error("the URL is another one")
	}
}

// TestNewerImage: an image that the registry has since the last start is told of, and
// no longer once the runtime has it.
func TestNewerImage(t *testing.T) {
	m := inMemory(t, itself)
	if err := m.engine.Pull(t.Context(), "example/jupyter:1", "", func(engine.Progress) {}); err != nil {
		t.Fatal(err)
	}
	m.engine.Publish("example/jupyter:1", memory.Jupyter())
	old := m.must(m.Start)
	newer := m.until(func(s runtime.Snapshot) bool { return s.NewerImageIsNews }) // an inspection can be quicker to see that there is one
	if newer.State != runtime.Ready || newer.NewerImage == "" || newer.Container != old.Container {
		t.Errorf("it is %+v", newer)
	}
	m.must(m.Update)
	if s := m.until(func(s runtime.Snapshot) bool { return s.NewerImage == "" }); s.Container == old.Container {
		t.Errorf("after the update it is %+v", s)
	}
}

// plain is an engine that has no more abilities than every engine.
type plain struct{ engine.Engine }

// TestPlainEngine: on an engine without abilities a runtime starts and stops, and
// what the engine lacks is not offered.
func TestPlainEngine(t *testing.T) {
	m := inMemory(t, func(e engine.Engine) engine.Engine { return plain{e} })
	s := m.must(m.Start)
	if s.State != runtime.Ready || s.Engine.Features != (engine.Features{}) || s.IdleStop != 0 {
		t.Errorf("it is %+v", s)
	}
	for range m.Stats(t.Context()) {
		t.Error("it is measured")
	}
	refused := func(err error) {
		t.Helper()
		if shown, is := err.(*problem.Problem); !is || shown.Code != problem.NotOffered {
			t.Errorf("what is not offered ended with %v", err)
		}
	}
	refused(m.Update(t.Context()))
	_, err := m.Backup(t.Context(), data.BackupOptions{File: filepath.Join(t.TempDir(), "b")})
	refused(err)
	_, err = m.Delete(t.Context(), data.DeleteOptions{Data: true})
	refused(err)
	made := m.Container()
	p := m.Profile()
	p.Memory = 1 << 30
	m.SetProfile(p)
	if s := m.must(m.Restart); s.State != runtime.Ready || s.RestartToApply || m.Container().ID != made.ID {
		t.Errorf("after the restart it is %+v", s)
	}
	m.must(m.Stop)
	deleted, err := m.Delete(t.Context(), data.DeleteOptions{})
	if err != nil || !deleted.Container || deleted.Volume {
		t.Errorf("deleted was %+v, %v", deleted, err)
	}
}
