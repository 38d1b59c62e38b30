package kubernetes

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/problem"
	"colabtray/internal/secret"
)

func inspect(t *testing.T, e *Engine, id string) engine.Container {
	t.Helper()
	c, err := e.Inspect(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestLife: a container is made, waits for a GPU, runs, is stopped, runs again and is
// removed. Its data stay.
func TestLife(t *testing.T) {
	t.Parallel()
	c, e := newCluster(t)
	ctx := t.Context()
	spec := smallSpec("a")
	spec.Env = []config.Variable{{Name: "JUPYTER_TOKEN", Value: secret.New("s3cret")}}
	if before := inspect(t, e, "a"); before.Exists || before.Name != "a" {
		t.Errorf("before it is made: %+v", before)
	}
	made, err := e.Create(ctx, spec)
	must(t, err)
	if got := c.has(); !made.Volume || !slices.Equal(got, []string{"configmaps/a", "persistentvolumeclaims/a-data", "secrets/a"}) {
		t.Errorf("made %+v: %q", made, got)
	}
	one := inspect(t, e, "a")
	if one.ID != made.ID || !one.Ours() || one.Running || !one.StartedAt.IsZero() || one.GatewayPort() != 8888 || engine.Environment(one.Env, "JUPYTER_TOKEN") != "s3cret" {
		t.Errorf("made: %+v", one)
	}
	must(t, e.Put(ctx, made.ID, fstest.MapFS{"opt/colab-tray/start.sh": {Data: []byte("exec jupyter")}}, time.Unix(1e9, 0)))
	must(t, e.Start(ctx, made.ID))
	must(t, e.Start(ctx, made.ID)) // as it runs already
	p, err := e.pod(ctx, "a")
	must(t, err)
	if mount := p.Spec.Containers[0].VolumeMounts; !slices.Contains(mount, volumeMount{filesVolume, "/opt/colab-tray/start.sh", "file0", true}) {
		t.Errorf("the pod has %+v", mount)
	}
	c.set("a", statusIn(t, "no-gpu"))
	if waits := inspect(t, e, made.ID); !waits.Running || waits.Waiting == nil || waits.Waiting.For != engine.WaitingForGPU {
		t.Errorf("without a free GPU: %+v", waits)
	}
	if err := e.Remove(ctx, made.ID); !errors.Is(err, engine.ErrConflict) {
		t.Errorf("removing what runs: %v", err)
	}
	c.set("a", statusIn(t, "running"))
	if runs := inspect(t, e, made.ID); !runs.Running || runs.Waiting != nil || !runs.StartedAt.Equal(at("03:04:09")) {
		t.Errorf("with a GPU: %+v", runs)
	}

	waited := make(chan error, 1)
	go func() { waited <- e.Wait(ctx, made.ID) }()
	c.mu.Lock()
	ends := statusIn(t, "failed")
	c.dying = func(c *cluster, pod object) bool {
		pod["status"] = ends
		c.note("MODIFIED", pods, pod)
		return true
	}
	c.mu.Unlock()
	must(t, e.Stop(ctx, made.ID, 10*time.Second))
	must(t, <-waited)
	stopped := inspect(t, e, "a")
	if stopped.Running || stopped.ExitCode != 3 || !stopped.StartedAt.Equal(at("03:04:09")) || !stopped.EndedAt.Equal(at("03:10:00")) || stopped.Cause != "" {
		t.Errorf("stopped: %+v", stopped)
	}
	must(t, e.Stop(ctx, made.ID, 0))
	must(t, e.Wait(ctx, made.ID))
	must(t, e.Start(ctx, made.ID))
	c.set("a", statusIn(t, "oom"))
	if ended := inspect(t, e, "a"); ended.Running || !ended.OOMKilled {
		t.Errorf("ended by itself: %+v", ended)
	}
	must(t, e.Start(ctx, made.ID)) // the pod that has ended makes room
	if again := inspect(t, e, "a"); !again.Running {
		t.Errorf("started again: %+v", again)
	}
	c.lose(team + "pods/a") // a drain
	if lost := inspect(t, e, "a"); lost.Running || lost.Cause != engine.CauseDeleted {
		t.Errorf("lost: %+v", lost)
	}
	must(t, e.Remove(ctx, made.ID))
	if got := c.has(); !slices.Equal(got, []string{"persistentvolumeclaims/a-data"}) {
		t.Errorf("removed, there are %q", got)
	}
	made, err = e.Create(ctx, spec)
	if err != nil || made.Volume {
		t.Errorf("made again: %+v, %v", made, err)
	}
}

// TestNames: a name that is in use, what is not there, and an ID that is another one's.
func TestNames(t *testing.T) {
	t.Parallel()
	c, e := newCluster(t)
	ctx := t.Context()
	first, err := e.Create(ctx, smallSpec("a"))
	must(t, err)
	if made, err := e.Create(ctx, smallSpec("a")); !errors.Is(err, engine.ErrConflict) || made != (engine.Created{}) {
		t.Errorf("with a name in use: %+v, %v", made, err)
	}
	must(t, e.Remove(ctx, first.ID))
	second, err := e.Create(ctx, smallSpec("a"))
	must(t, err)
	if first.ID == second.ID || inspect(t, e, first.ID).Exists || !inspect(t, e, second.ID).Exists {
		t.Errorf("%s and %s are the same", first.ID, second.ID)
	}
	for what, err := range map[string]error{
		"start": e.Start(ctx, "none"), "stop": e.Stop(ctx, first.ID, 0), "remove": e.Remove(ctx, "../secrets/a"), "wait": e.Wait(ctx, "no_name"),
		"put": e.Put(ctx, "none", fstest.MapFS{}, time.Now()),
	} {
		if !errors.Is(err, engine.ErrNotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}

	// What others have made under such names is not ours.
	c.mu.Lock()
	for _, path := range []string{"configmaps/b", "pods/b", "secrets/b"} {
		c.objects[team+path] = object{"metadata": object{"name": "b", "uid": "theirs"}, "data": object{recordKey: "e30="}}
	}
	c.mu.Unlock()
	if b := inspect(t, e, "b"); b.Exists {
		t.Errorf("somebody else's config map is %+v", b)
	}
	if _, err := e.Create(ctx, smallSpec("b")); !errors.Is(err, engine.ErrConflict) {
		t.Errorf("over somebody else's: %v", err)
	}
	if got := c.has(); !slices.Contains(got, "pods/b") || !slices.Contains(got, "secrets/b") {
		t.Errorf("of somebody else's are left %q", got)
	}
}

// TestOthersObjects: what has the name that one of our objects would have, and is not
// ours, stays as it is.
func TestOthersObjects(t *testing.T) {
	t.Parallel()
	c, e := newCluster(t)
	theirs := []string{"configmaps/a.files", "configmaps/" + imageName("i", ""), "pods/" + imageName("i", ""), "secrets/a"}
	c.mu.Lock()
	for _, path := range theirs {
		c.objects[team+path] = object{"metadata": object{"name": path[strings.Index(path, "/")+1:], "uid": "theirs"}}
	}
	c.mu.Unlock()
	made, err := e.Create(t.Context(), smallSpec("a"))
	must(t, err)
	if err := e.Put(t.Context(), made.ID, fstest.MapFS{"x": {}}, time.Now()); !errors.Is(err, engine.ErrConflict) {
		t.Errorf("putting: %v", err)
	}
	if err := e.Pull(t.Context(), "i", "", func(engine.Progress) {}); !errors.Is(err, engine.ErrConflict) {
		t.Errorf("pulling: %v", err)
	}
	must(t, e.Start(t.Context(), made.ID))
	c.set("a", statusIn(t, "failed"))
	must(t, e.Remove(t.Context(), made.ID))
	spec := smallSpec("a")
	spec.Env = []config.Variable{{Name: "A", Value: secret.New("b")}}
	if made, err := e.Create(t.Context(), spec); !errors.Is(err, engine.ErrConflict) || made.ID != "" {
		t.Errorf("with somebody else's secret: %+v, %v", made, err)
	}
	if got := c.has(); !slices.Equal(got, append(slices.Clone(theirs[:2]), "persistentvolumeclaims/a-data", theirs[2], theirs[3])) {
		t.Errorf("there are %q", got)
	}
}

// TestCreateUndone: what was made before a failure is removed.
func TestCreateUndone(t *testing.T) {
	t.Parallel()
	c, e := newCluster(t)
	c.refuse = func(r *http.Request) *status {
		if r.Method == http.MethodPost && kindOf(r.URL.Path) == claims {
			return refusal(403, "Forbidden", claims, `persistentvolumeclaims "a-data" is forbidden: exceeded quota: team, requested: requests.storage=10Gi, used: requests.storage=95Gi, limited: requests.storage=100Gi`)
		}
		return nil
	}
	spec := smallSpec("a")
	spec.Env = []config.Variable{{Name: "A", Value: secret.New("b")}}
	made, err := e.Create(t.Context(), spec)
	var p *problem.Problem
	if !errors.As(err, &p) || p.Code != problem.ClusterQuota || !strings.Contains(p.Hint, "used: requests.storage=95Gi") || made.ID != "" || made.Volume {
		t.Errorf("made %+v: %v", made, err)
	}
	if got := c.has(); len(got) != 0 {
		t.Errorf("there are %q", got)
	}
}

// TestCreateCutOff: what a creation leaves that was cut off is no container, and in no
// creation's way.
func TestCreateCutOff(t *testing.T) {
	t.Parallel()
	spec := smallSpec("a")
	spec.Env = []config.Variable{{Name: "A", Value: secret.New("b")}}
	requests := 0
	for cut := 1; ; cut++ {
		c, e := newCluster(t)
		requests = 0
		c.refuse = func(r *http.Request) *status {
			if requests++; requests < cut {
				return nil
			}
			return refusal(503, "ServiceUnavailable", "", "it dies")
		}
		_, err := e.Create(t.Context(), spec)
		c.refuse = nil
		if err == nil {
			break
		}
		if now, err := e.Inspect(t.Context(), "a"); err != nil || now.Exists {
			t.Errorf("cut off at %d it is %+v, %v", cut, now, err)
		}
		if users, err := e.VolumeUsers(t.Context(), spec.Volume, false); err != nil || len(users) > 0 {
			t.Errorf("cut off at %d, its volume is that of %q, %v", cut, users, err)
		}
		if made, err := e.Create(t.Context(), spec); err != nil || made.ID == "" {
			t.Errorf("cut off at %d, and made again: %+v, %v", cut, made, err)
		}
		if now, err := e.Inspect(t.Context(), "a"); err != nil || !now.Exists || engine.Environment(now.Env, "A") != "b" {
			t.Errorf("cut off at %d, and made again, it is %+v, %v", cut, now, err)
		}
		if got := strings.Join(c.has(), " "); got != "configmaps/a persistentvolumeclaims/a-data secrets/a" {
			t.Errorf("cut off at %d, and made again, there are %s", cut, got)
		}
	}
	if requests < 4 {
		t.Errorf("a creation takes %d requests", requests)
	}
}

// TestRemakeCutOff: whatever request of a container's making anew is the last one that the
// API server hears, the container stays one, and what is done then leaves one secret.
func TestRemakeCutOff(t *testing.T) {
	t.Parallel()
	before, after := smallSpec("a"), smallSpec("a")
	before.Env = []config.Variable{{Name: "A", Value: secret.New("b")}}
	after.Env = []config.Variable{{Name: "A", Value: secret.New("c")}}
	then := map[string]func(e *Engine, id string) error{
		"put back": func(e *Engine, id string) error { return e.Unmake(t.Context(), id) },
		"started": func(e *Engine, id string) error {
			return errors.Join(e.Start(t.Context(), id), e.Keep(t.Context(), id))
		},
		"made again, and kept": func(e *Engine, id string) error {
			return errors.Join(e.Unmake(t.Context(), id), e.Remake(t.Context(), id, after), e.Keep(t.Context(), id))
		},
	}
	for what, do := range then {
		for cut := 1; ; cut++ {
			c, e := newCluster(t)
			made, err := e.Create(t.Context(), before)
			must(t, err)
			requests := 0
			c.refuse = func(r *http.Request) *status {
				if requests++; requests < cut {
					return nil
				}
				return refusal(503, "ServiceUnavailable", "", "it dies")
			}
			err = e.Remake(t.Context(), made.ID, after)
			c.refuse = nil
			over := err == nil
			if err := do(e, made.ID); err != nil {
				t.Errorf("cut off at %d, and %s: %v", cut, what, err)
			}
			if now, err := e.Inspect(t.Context(), "a"); err != nil || !now.Exists {
				t.Errorf("cut off at %d, and %s, it is %+v, %v", cut, what, now, err)
			}
			kept := slices.DeleteFunc(c.has(), func(o string) bool { return !strings.HasPrefix(o, "secrets/") })
			if len(kept) != 1 {
				t.Errorf("cut off at %d, and %s, there are %q", cut, what, kept)
			}
			if over {
				break
			}
		}
	}
}

// TestHalfIsRemoved: with the volume goes what a creation left that was cut off.
func TestHalfIsRemoved(t *testing.T) {
	t.Parallel()
	c, e := newCluster(t)
	spec := smallSpec("a")
	spec.Env = []config.Variable{{Name: "A", Value: secret.New("b")}}
	_, err := e.Create(t.Context(), spec)
	must(t, err)
	c.mu.Lock()
	delete(c.objects, team+"secrets/a")
	c.mu.Unlock()
	must(t, e.RemoveVolume(t.Context(), spec.Volume))
	if got := c.has(); len(got) > 0 {
		t.Errorf("there are %q", got)
	}
}

func TestPutAndGet(t *testing.T) {
	t.Parallel()
	_, e := newCluster(t)
	made, err := e.Create(t.Context(), smallSpec("a"))
	must(t, err)
	written := time.Date(2020, 2, 3, 4, 5, 6, 0, time.UTC)
	for _, text := range []string{"a", "another"} {
		must(t, e.Put(t.Context(), made.ID, fstest.MapFS{"opt/suite/a.txt": {Data: []byte(text)}, "opt/suite/deep/b.txt": {Data: []byte("b")}}, written))
	}
	for path, want := range map[string]string{
		"/opt/suite/a.txt": "a.txt=another", "/opt/suite": "suite/= suite/a.txt=another suite/deep/= suite/deep/b.txt=b", "opt/suite/deep/": "deep/= deep/b.txt=b",
	} {
		archive, err := e.Get(t.Context(), made.ID, path)
		must(t, err)
		var got []string
		for in := tar.NewReader(archive); ; {
			h, err := in.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			must(t, err)
			text, err := io.ReadAll(in)
			must(t, err)
			got = append(got, h.Name+"="+string(text))
			if !h.ModTime.Equal(written) {
				t.Errorf("%s was written at %v", h.Name, h.ModTime)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s has %q", path, got)
		}
	}
	if _, err := e.Get(t.Context(), made.ID, "/etc/passwd"); !errors.Is(err, engine.ErrConflict) {
		t.Errorf("of a container that does not run: %v", err)
	}
	if err := e.Put(t.Context(), made.ID, fstest.MapFS{"big": {Data: make([]byte, maxFiles+1)}}, written); err == nil {
		t.Error("more than a config map takes was put")
	}
}

// TestWatch: the events of one life, over streams that end and versions that are
// forgotten.
func TestWatch(t *testing.T) {
	t.Parallel()
	c, e := newCluster(t)
	ctx, cancel := context.WithCancel(t.Context())
	opened, seen, over := make(chan struct{}), make(chan string, 100), make(chan error, 1)
	go func() {
		over <- e.Watch(ctx, []string{"a", "no_name"}, func() { close(opened) }, func(ev engine.Event) { seen <- ev.Container + " " + ev.Action })
	}()
	<-opened
	until := func(what string) {
		t.Helper()
		for {
			select {
			case got := <-seen:
				if !strings.HasPrefix(got, "a ") {
					t.Fatalf("an event of others: %s", got)
				}
				if got == "a "+what {
					return
				}
			case <-ctx.Done():
				t.Fatalf("no %s", what)
			}
		}
	}
	other, err := e.Create(t.Context(), smallSpec("other"))
	must(t, err)
	must(t, e.Start(t.Context(), other.ID))
	made, err := e.Create(t.Context(), smallSpec("a"))
	must(t, err)
	until("create")
	must(t, e.Start(t.Context(), made.ID))
	until("start")
	c.set("a", statusIn(t, "running"))
	until("update")

	c.endStreams() // as a cluster does after some time
	c.set("a", statusIn(t, "running"))
	until("update")

	// The cluster forgets, in a stream and between two.
	for _, forgets := range []bool{false, true} {
		c.mu.Lock()
		c.forgets = forgets
		c.version += 1000
		c.oldest, c.changes = c.version, nil
		if forgets {
			close(c.streams)
			c.streams = make(chan struct{})
		} else {
			close(c.changed)
			c.changed = make(chan struct{})
		}
		c.mu.Unlock()
		until("update")
	}
	c.set("a", statusIn(t, "oom"))
	until("die")
	must(t, e.Remove(t.Context(), made.ID))
	until("destroy")
	cancel()
	if err := <-over; !errors.Is(err, context.Canceled) {
		t.Errorf("the watch ends with %v", err)
	}
}

// TestWatchEnds: a cluster that cannot be asked any more ends the watch.
func TestWatchEnds(t *testing.T) {
	t.Parallel()
	c, e := newCluster(t)
	opened, over := make(chan struct{}), make(chan error, 1)
	go func() {
		over <- e.Watch(t.Context(), []string{"a"}, func() { close(opened) }, func(engine.Event) {})
	}()
	<-opened
	c.mu.Lock()
	c.answer = func(w http.ResponseWriter) bool {
		http.Error(w, "dial tcp 10.0.0.1:6443: connect: connection refused", http.StatusInternalServerError)
		return true
	}
	c.mu.Unlock()
	c.endStreams()
	if err := <-over; !errors.Is(err, engine.ErrUnreachable) {
		t.Errorf("the watch ends with %v", err)
	}
}

func TestLogs(t *testing.T) {
	t.Parallel()
	c, e := newCluster(t)
	made, err := e.Create(t.Context(), smallSpec("a"))
	must(t, err)
	must(t, e.Start(t.Context(), made.ID))
	read := func(q engine.LogQuery) string {
		t.Helper()
		log, err := e.Logs(t.Context(), engine.Container{ID: made.ID}, q)
		must(t, err)
		defer log.Close()
		text, err := io.ReadAll(log)
		must(t, err)
		return string(text)
	}
	if got := read(engine.LogQuery{Tail: -1}); got != "" {
		t.Errorf("of a pod that waits: %q", got)
	}
	followed := make(chan string, 1)
	go func() { followed <- read(engine.LogQuery{Tail: -1, Follow: true}) }()
	c.mu.Lock()
	c.logs["a"] = "one\ntwo\n"
	c.mu.Unlock()
	c.set("a", statusIn(t, "running"))
	if got := <-followed; got != "one\ntwo\n" {
		t.Errorf("followed from before it ran: %q", got)
	}
	if got := read(engine.LogQuery{Tail: 2, Since: at("03:04:05")}); got != "one\ntwo\n" {
		t.Errorf("%q", got)
	}
	c.mu.Lock()
	last := c.queries[len(c.queries)-1]
	c.mu.Unlock()
	if last != "container=jupyter&sinceTime=2026-01-02T03%3A04%3A05Z&tailLines=2" {
		t.Errorf("asked for %s", last)
	}
	if _, err := e.Logs(t.Context(), engine.Container{ID: "none"}, engine.LogQuery{}); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("of a container that is not there: %v", err)
	}
}

// TestPull: a pod tells of the image, and is gone afterwards.
func TestPull(t *testing.T) {
	t.Parallel()
	c, e := newCluster(t)
	const image = "quay.io/jupyter/minimal-notebook"
	if info, err := e.Image(t.Context(), image, ""); err != nil || info.ID != "" || info.Config != nil {
		t.Errorf("before: %+v, %v", info, err)
	}
	name := imageName(image, "")
	completed := statusIn(t, "completed")
	c.node = func(c *cluster, pod object) {
		pod["status"] = completed
		c.logs[name] = factsHead + "\n1000\n100\n/home/jovyan\n/home/jovyan\n1000\n100\nx86_64\n"
		c.note("MODIFIED", pods, pod)
	}
	var now engine.Progress
	must(t, e.Pull(t.Context(), image, "", func(p engine.Progress) { now = p }))
	if now.Layers != now.LayersDone || now.Layers == 0 {
		t.Errorf("at the end the progress is %+v", now)
	}
	info, err := e.Image(t.Context(), image, "")
	must(t, err)
	if info.ID != image || info.Config.User != "1000:100" || info.Config.WorkDir != "/home/jovyan" || engine.Environment(info.Config.Env, "HOME") != "/home/jovyan" || len(info.Digests) != 1 {
		t.Errorf("the image is %+v, %+v", info, info.Config)
	}
	if got := c.has(); !slices.Equal(got, []string{"configmaps/" + name}) {
		t.Errorf("there are %q", got)
	}
	must(t, e.PullFor(t.Context(), image, "", config.ClusterSettings{PullSecret: "registry", NodeSelector: []string{"pool=gpu"}}, func(engine.Progress) {}))
	c.mu.Lock()
	last := c.made
	c.mu.Unlock()
	if last.Spec.NodeSelector["pool"] != "gpu" || !slices.Equal(last.Spec.ImagePullSecrets, []localReference{{"registry"}}) || last.Spec.Containers[0].Resources.Limits["nvidia.com/gpu"] != "" {
		t.Errorf("the pod is %+v", last.Spec)
	}
	for status, want := range map[string]error{"image-backoff": engine.ErrImageNotFound, "image-root": nil} {
		fails := statusIn(t, status)
		c.mu.Lock()
		c.node = func(c *cluster, pod object) {
			pod["status"] = fails
			c.note("MODIFIED", pods, pod)
		}
		c.mu.Unlock()
		err := e.Pull(t.Context(), image, "", func(engine.Progress) {})
		var p *problem.Problem
		if want != nil && !errors.Is(err, want) || want == nil && (!errors.As(err, &p) || p.Code != problem.ClusterRefused) {
			t.Errorf("%s: %v", status, err)
		}
	}
}

func TestFactsOf(t *testing.T) {
	for _, said := range []string{"", "hello\n", factsHead + "\n1\n2\n", factsHead + "\n1\n2\nhome\n/\n\n\nx86_64\n", factsHead + "\n1\n2\n/h\n/\n\n\nx86_64\nmore\n"} {
		if f, err := factsOf("i", "", said); err == nil {
			t.Errorf("%q is %+v", said, f)
		}
	}
	f, err := factsOf("i", "reg/i@sha256:ab", factsHead+"\n1\n2\n/h\n/\n$(reboot)\n\naarch64\n")
	if err != nil || f.Arch != "arm64" || f.Digest != "sha256:ab" || slices.ContainsFunc(f.info().Config.Env, func(v string) bool { return strings.Contains(v, "reboot") }) {
		t.Errorf("%+v, %v", f, err)
	}
}

// TestContextEnds: what waits ends with its context.
func TestContextEnds(t *testing.T) {
	t.Parallel()
	c, e := newCluster(t)
	c.dying = func(*cluster, object) bool { return false } // its node does not answer
	made, err := e.Create(t.Context(), smallSpec("a"))
	must(t, err)
	must(t, e.Start(t.Context(), made.ID))
	c.set("a", statusIn(t, "running"))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 3)
	go func() { ended <- e.Wait(ctx, made.ID) }()
	go func() { ended <- e.Stop(ctx, made.ID, 0) }()
	go func() { ended <- e.Watch(ctx, []string{"a"}, cancel, func(engine.Event) {}) }()
	for range 3 {
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("it ends with %v", err)
		}
	}
}

// TestRemakeHalf: what is broken off leaves the container as it was, and nothing that
// nobody needs is left in the end.
func TestRemakeHalf(t *testing.T) {
	t.Parallel()
	c, e := newCluster(t)
	ctx := t.Context()
	with := func(settings, word string) engine.Spec {
		spec := smallSpec("a")
		spec.Labels[engine.LabelSettings] = settings
		spec.Env = []config.Variable{{Name: "WORD", Value: secret.New(word)}}
		return spec
	}
	made, err := e.Create(ctx, with("1", "first"))
	must(t, err)
	is := func(word string, reserve bool, secrets ...string) {
		t.Helper()
		now := inspect(t, e, made.ID)
		var has []string
		for _, path := range c.has() {
			if name, is := strings.CutPrefix(path, "secrets/"); is {
				has = append(has, name)
			}
		}
		if engine.Environment(now.Env, "WORD") != word || now.RemadeAt.IsZero() == reserve || !slices.Equal(has, secrets) {
			t.Errorf("it is %+v, with the secrets %q", now, has)
		}
	}
	refuse := func(refuses func(*http.Request) *status) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.refuse = refuses
	}
	refuse(func(r *http.Request) *status {
		if r.Method != http.MethodPatch {
			return nil
		}
		return refusal(409, "Conflict", configMaps, "the object has been modified; please apply your changes to the latest version and try again")
	})
	if err := e.Remake(ctx, made.ID, with("2", "second")); !errors.Is(err, engine.ErrConflict) {
		t.Errorf("over somebody else's change: %v", err)
	}
	is("first", false, "a", "a.env")
	refuse(nil)
	must(t, e.Remake(ctx, made.ID, with("2", "second")))
	is("second", true, "a", "a.env")
	refuse(func(r *http.Request) *status {
		if r.Method != http.MethodDelete {
			return nil
		}
		return refusal(500, "InternalError", secrets, "etcdserver: request timed out")
	})
	if err := e.Keep(ctx, made.ID); !errors.Is(err, engine.ErrUnreachable) {
		t.Errorf("the secret that is left: %v", err)
	}
	refuse(nil)
	is("second", false, "a", "a.env")
	must(t, e.Remake(ctx, made.ID, with("3", "third")))
	is("third", true, "a", "a.env")
	must(t, e.Unmake(ctx, made.ID))
	is("second", false, "a.env")
	without := with("4", "")
	without.Env = nil
	must(t, e.Remake(ctx, made.ID, without))
	must(t, e.Keep(ctx, made.ID))
	is("", false)
	must(t, e.Start(ctx, made.ID))
	c.set("a", statusIn(t, "oom"))
	must(t, e.Remake(ctx, made.ID, with("5", "fifth")))
	if now := inspect(t, e, made.ID); now.OOMKilled || !now.StartedAt.IsZero() || slices.Contains(c.has(), "pods/a") {
		t.Errorf("made anew it is %+v", now)
	}
	must(t, e.Unmake(ctx, made.ID))
	if now := inspect(t, e, made.ID); !now.OOMKilled || now.StartedAt.IsZero() {
		t.Errorf("put back it is %+v", now)
	}
	must(t, e.Remove(ctx, made.ID))
	if got := c.has(); !slices.Equal(got, []string{"persistentvolumeclaims/a-data"}) {
		t.Errorf("removed, there are %q", got)
	}
}
