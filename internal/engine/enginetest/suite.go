// Package enginetest is the contract suite that every engine passes. It checks what the
// rest of the program relies on. So neither a new engine nor the one in memory can
// behave unlike Docker and Podman.
package enginetest

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/engine"
)

// Site is an engine under test.
type Site struct {
	// Engine is the engine.
	Engine engine.Engine
	// Image is an image on the engine that can run the scripts below.
	Image string
	// Published is an image in a registry that the engine does not have yet. It can run
	// sh where the engine has to run an image to know it.
	Published string
	// Missing is an image that the registry does not have.
	Missing string
	// Name returns a new name for a container. The container of that name, and the
	// volume NAME-data, are removed when the test ends.
	Name func(t *testing.T) string
	// Port returns a free port of this computer.
	Port func(t *testing.T) int
	// Pause pauses a container; nil when the engine cannot.
	Pause func(t *testing.T, name string)
}

// The scripts that the suite runs in containers, with sh -c.
const (
	// Lives writes output, and exits as if by the signal when asked to end.
	Lives = `trap 'exit 143' TERM; echo begun; echo aside >&2; sleep 1000 & wait`
	// Ignores ignores the signal, so it has to be killed.
	Ignores = `trap '' TERM; echo begun; sleep 1000 & wait; wait`
	// Ends writes three lines, and exits with code 3.
	Ends = `echo one; echo two; echo three; exit 3`
	// Serves serves files over HTTP at port 8888, and writes a line once it does.
	Serves = `exec python3 -u -m http.server 8888`
	// Speaks writes a line to each of stdout and stderr, and exits.
	Speaks = `echo out; echo err >&2`
	// Talks repeats its input, says where it is and what WORD is, and exits with code 4.
	Talks = `cat; pwd; echo "$WORD"; echo err >&2; exit 4`
	// Sizes writes the size of its terminal, at first and after each line of input; it
	// exits with code 5 at an empty line.
	Sizes = `stty -echo -onlcr; stty size; while read line && [ "$line" ]; do stty size; done; exit 5`
)

const (
	testTimeout = 2 * time.Minute
	home        = "/home/jovyan"
	inner       = 8888
)

// Run runs the suite.
func Run(t *testing.T, open func(t *testing.T) Site) {
	for name, test := range map[string]func(*suite){
		"connect":          (*suite).connect,
		"lifecycle":        (*suite).lifecycle,
		"names":            (*suite).names,
		"grace":            (*suite).grace,
		"pause":            (*suite).pause,
		"exit":             (*suite).exit,
		"context ends":     (*suite).contextEnds,
		"output":           (*suite).output,
		"files":            (*suite).files,
		"events":           (*suite).events,
		"ports":            (*suite).ports,
		"images":           (*suite).images,
		"pull":             (*suite).pull,
		"ability Replacer": (*suite).replacer,
		"ability Remaker":  (*suite).remaker,
		"ability Tagger":   (*suite).tagger,
		"ability Differ":   (*suite).differ,
		"ability Meter":    (*suite).meter,
		"ability Executor": (*suite).executor,
		"ability Attacher": (*suite).attacher,
		"ability Volumes":  (*suite).volumes,
		"helpers":          (*suite).helpers,

		"ability RemoteImages": (*suite).remoteImages,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
			defer cancel()
			test(&suite{t, open(t), ctx})
		})
	}
}

// suite is one test of the contract suite.
type suite struct {
	*testing.T
	Site
	ctx context.Context
}

// must ends the test when there is an error.
func (s *suite) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// is asserts that an error wraps another.
func (s *suite) is(what string, err, kind error) {
	s.Helper()
	if !errors.Is(err, kind) {
		s.Errorf("%s: the error is %v, not one of: %v", what, err, kind)
	}
}

// spec returns the spec of a container that runs a script.
func (s *suite) spec(script string) engine.Spec {
	name := s.Name(s.T)
	return engine.Spec{
		Name: name, Hostname: name, Image: s.Image, Entrypoint: []string{"sh"}, Cmd: []string{"-c", script},
		Labels:    map[string]string{"dev.colabtray.runtime": name, "dev.colabtray.settings": "1"},
		InnerPort: inner, Port: s.Port(s.T), Volume: name + "-data", DataDir: home,
	}
}

func (s *suite) create(spec engine.Spec) string {
	s.Helper()
	made, err := s.Engine.Create(s.ctx, spec)
	s.must(err)
	return made.ID
}

// run makes and starts a container that runs a script.
func (s *suite) run(script string) engine.Container {
	s.Helper()
	id := s.create(s.spec(script))
	s.start(id)
	return s.inspect(id)
}

// start starts a container, and returns once it does not wait any more.
func (s *suite) start(id string) {
	s.Helper()
	s.must(s.Engine.Start(s.ctx, id))
	c := s.inspect(id)
	if c.Waiting == nil {
		return
	}
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	look := func() {
		if now, err := s.Engine.Inspect(ctx, id); err == nil && now.Waiting == nil {
			cancel()
		}
	}
	err := s.Engine.Watch(ctx, []string{c.Name}, look, func(engine.Event) { look() })
	if now := s.inspect(id); now.Waiting != nil {
		s.Fatalf("the container waits: %+v: %v", now.Waiting, err)
	}
}

// publishes reports whether the engine publishes ports on its machine.
func (s *suite) publishes() bool {
	_, publishes := engine.As[engine.Ports](s.Engine)
	return publishes
}

// begun is run, and returns once the script has written output.
func (s *suite) begun(script string) engine.Container {
	s.Helper()
	c := s.run(script)
	log := s.follow(c)
	defer log.Close()
	if !bufio.NewScanner(log).Scan() {
		s.Fatal("the script wrote no output")
	}
	return c
}

func (s *suite) follow(c engine.Container) io.ReadCloser {
	s.Helper()
	log, err := s.Engine.Logs(s.ctx, c, engine.LogQuery{Tail: -1, Follow: true})
	s.must(err)
	return log
}

func (s *suite) inspect(name string) engine.Container {
	s.Helper()
	c, err := s.Engine.Inspect(s.ctx, name)
	s.must(err)
	return c
}

func (s *suite) connect() {
	first, err := s.Engine.Connect(s.ctx)
	s.must(err)
	if first.Name == "" || first.Version == "" || first.API == "" || first.Arch == "" || first.Host == "" || first.Command == "" || first.Local == (first.Machine != "") {
		s.Errorf("the info is %+v", first)
	}
	if second, err := s.Engine.Connect(s.ctx); err != nil || second != first {
		s.Errorf("the info of the second Connect is %+v, %v", second, err)
	}
}

func (s *suite) lifecycle() {
	e := s.Engine
	spec := s.spec(Lives)
	if c := s.inspect(spec.Name); c.Exists || c.Running || c.Name != spec.Name {
		s.Errorf("before it is made, the container is %+v", c)
	}
	made, err := e.Create(s.ctx, spec)
	s.must(err)
	if made.ID == "" || !made.Volume {
		s.Errorf("Create made %+v", made)
	}
	image, err := e.Image(s.ctx, s.Image, "")
	s.must(err)
	c := s.inspect(spec.Name)
	switch {
	case !c.Exists, c.ID != made.ID, c.Name != spec.Name, c.Image != s.Image, c.ImageID != image.ID,
		c.Running, c.Paused, !c.StartedAt.IsZero(), c.Ports[inner] == 0, s.publishes() && c.Ports[inner] != spec.Port, c.HostNetwork,
		!slices.Equal(c.Cmd, []string{"sh", "-c", Lives}), !slices.Contains(c.Mounts, engine.Mount{Volume: spec.Volume, Target: home}):
		s.Errorf("the container that was made is %+v", c)
	}
	for name, value := range spec.Labels {
		if c.Labels[name] != value || c.LabelsOfImage[name] != "" {
			s.Errorf("label %s is %q", name, c.Labels[name])
		}
	}

	s.start(c.ID)
	first := s.inspect(c.ID)
	if !first.Running || first.Paused || first.StartedAt.IsZero() || first.ID != c.ID {
		s.Errorf("the container that was started is %+v", first)
	}
	s.must(e.Start(s.ctx, c.ID))
	if again := s.inspect(c.ID); !again.StartedAt.Equal(first.StartedAt) {
		s.Errorf("started twice, it began at %v and %v", first.StartedAt, again.StartedAt)
	}
	if e.Remove(s.ctx, c.ID) == nil || !s.inspect(c.ID).Running {
		s.Error("a container that runs was removed")
	}
	log := s.follow(first)
	if !bufio.NewScanner(log).Scan() {
		s.Error("it says nothing")
	}
	_ = log.Close()

	waited := make(chan error, 1)
	go func() { waited <- e.Wait(s.ctx, c.ID) }()
	s.must(e.Stop(s.ctx, c.ID, testTimeout))
	if err := <-waited; err != nil {
		s.Errorf("waiting for the end: %v", err)
	}
	stopped := s.inspect(c.ID)
	if !stopped.Exists || stopped.Running || stopped.ExitCode != 143 || stopped.EndedAt.Before(stopped.StartedAt) || !stopped.StartedAt.Equal(first.StartedAt) || stopped.OOMKilled {
		s.Errorf("the container that was stopped is %+v", stopped)
	}
	s.must(e.Stop(s.ctx, c.ID, 0))
	s.must(e.Wait(s.ctx, c.ID))
	s.start(c.ID)
	second := s.inspect(c.ID)
	if !second.Running || !second.StartedAt.After(first.StartedAt) {
		s.Errorf("started again, it is %+v", second)
	}
	if since := second.RunSince(); since.Before(stopped.EndedAt) || since.After(second.StartedAt) {
		s.Errorf("the second run is since %v; it ended at %v, and began again at %v", since, stopped.EndedAt, second.StartedAt)
	}
	s.must(e.Stop(s.ctx, c.ID, 0))
	s.must(e.Remove(s.ctx, c.ID))
	if c := s.inspect(c.ID); c.Exists {
		s.Errorf("the container that was removed is %+v", c)
	}
	if made, err = e.Create(s.ctx, spec); err != nil || made.Volume {
		s.Errorf("the second Create made %+v, %v; want the volume to be kept", made, err)
	}
}

func (s *suite) names() {
	spec := s.spec(Lives)
	id := s.create(spec)
	made, err := s.Engine.Create(s.ctx, spec)
	s.is("creating with a name in use", err, engine.ErrConflict)
	if made.ID != "" || made.Volume {
		s.Errorf("with a name in use, Create made %+v", made)
	}
	if c := s.inspect(spec.Name); c.ID != id {
		s.Errorf("the name belongs to %s, not to %s", c.ID, id)
	}
	missingName := s.Name(s.T)
	s.is("starting a missing container", s.Engine.Start(s.ctx, missingName), engine.ErrNotFound)
	s.is("stopping a missing container", s.Engine.Stop(s.ctx, missingName, 0), engine.ErrNotFound)
	s.is("removing a missing container", s.Engine.Remove(s.ctx, missingName), engine.ErrNotFound)
	s.is("waiting for a missing container", s.Engine.Wait(s.ctx, missingName), engine.ErrNotFound)
	spec = s.spec(Lives)
	spec.Image = s.Missing
	_, err = s.Engine.Create(s.ctx, spec)
	s.is("creating from a missing image", err, engine.ErrNotFound)
	if c := s.inspect(spec.Name); c.Exists {
		s.Errorf("from a missing image, Create made %+v", c)
	}
}

func (s *suite) grace() {
	c := s.begun(Ignores)
	s.must(s.Engine.Stop(s.ctx, c.ID, time.Second))
	if c := s.inspect(c.ID); c.Running || c.ExitCode != 137 {
		s.Errorf("the container that had to be killed is %+v", c)
	}
}

func (s *suite) pause() {
	if s.Pause == nil {
		s.Skip("the engine cannot pause a container")
	}
	c := s.begun(Lives)
	s.Pause(s.T, c.Name)
	if c := s.inspect(c.ID); !c.Running || !c.Paused {
		s.Errorf("the container that was paused is %+v", c)
	}
	if texts, _ := s.entries(s.Engine.Get(s.ctx, c.ID, "/etc/passwd")); texts["passwd"] == "" {
		s.Error("a file of a paused container is empty")
	}
	s.must(s.Engine.Start(s.ctx, c.ID))
	if now := s.inspect(c.ID); !now.Running || now.Paused || !now.StartedAt.Equal(c.StartedAt) {
		s.Errorf("the resumed container is %+v", now)
	}
	s.Pause(s.T, c.Name)
	s.must(s.Engine.Stop(s.ctx, c.ID, testTimeout))
	if now := s.inspect(c.ID); now.Running || now.Paused || now.ExitCode != 143 {
		s.Errorf("the container that was stopped while it was paused is %+v", now)
	}
}

func (s *suite) exit() {
	c := s.run(Ends)
	s.must(s.Engine.Wait(s.ctx, c.ID))
	if c := s.inspect(c.ID); c.Running || c.ExitCode != 3 || c.EndedAt.IsZero() {
		s.Errorf("the container that ended is %+v", c)
	}
}

// contextEnds checks that every method returns soon after its context ends.
func (s *suite) contextEnds() {
	c := s.begun(Ignores)
	log := s.follow(c)
	defer log.Close()
	ctx, cancel := context.WithCancel(s.ctx)
	ended := make(chan error, 3)
	go func() { ended <- s.Engine.Wait(ctx, c.ID) }()
	go func() { ended <- s.Engine.Stop(ctx, c.ID, testTimeout) }()
	go func() {
		ended <- s.Engine.Watch(ctx, []string{c.Name}, cancel, func(engine.Event) {})
	}()
	for range 3 {
		if err := <-ended; ctx.Err() == nil || err == nil {
			s.Errorf("before the context ended: %v", err)
		}
	}
	if _, err := s.Engine.Inspect(ctx, c.ID); !errors.Is(err, context.Canceled) {
		s.Errorf("inspecting: %v", err)
	}
	if _, err := s.Engine.Connect(ctx); !errors.Is(err, context.Canceled) {
		s.Errorf("connecting: %v", err)
	}
	if _, err := s.Engine.Create(ctx, s.spec(Lives)); !errors.Is(err, context.Canceled) {
		s.Errorf("creating: %v", err)
	}
	s.must(s.Engine.Stop(s.ctx, c.ID, 0))
}

func (s *suite) output() {
	read := func(c engine.Container, q engine.LogQuery) []string {
		s.Helper()
		log, err := s.Engine.Logs(s.ctx, c, q)
		s.must(err)
		defer log.Close()
		text, err := io.ReadAll(log)
		s.must(err)
		return strings.Fields(string(text))
	}
	c := s.run(Ends)
	s.must(s.Engine.Wait(s.ctx, c.ID))
	for what, q := range map[string]engine.LogQuery{
		"one two three": {Tail: -1}, "three": {Tail: 1}, "two three": {Tail: 2, Follow: true}, "": {Tail: -1, Since: time.Now().Add(time.Hour)},
	} {
		if got := strings.Join(read(c, q), " "); got != what {
			s.Errorf("query %+v returned %q, not %q", q, got, what)
		}
	}

	c = s.run(Lives)
	log := s.follow(c)
	defer log.Close()
	lines := bufio.NewScanner(log)
	var got []string
	for len(got) < 2 && lines.Scan() {
		got = append(got, lines.Text())
	}
	if slices.Sort(got); !slices.Equal(got, []string{"aside", "begun"}) {
		s.Errorf("the followed output is %q", got)
	}
	s.must(s.Engine.Stop(s.ctx, c.ID, testTimeout))
	if lines.Scan() || lines.Err() != nil {
		s.Errorf("after the end the output is %q, %v", lines.Text(), lines.Err())
	}
	_, err := s.Engine.Logs(s.ctx, engine.Container{ID: s.Name(s.T)}, engine.LogQuery{Tail: -1})
	s.is("output of a missing container", err, engine.ErrNotFound)
}

// entries reads an archive: name to content, and the headers.
func (s *suite) entries(archive io.ReadCloser, err error) (map[string]string, map[string]*tar.Header) {
	s.Helper()
	s.must(err)
	defer archive.Close()
	whole, err := io.ReadAll(archive)
	s.must(err)
	if end := make([]byte, 1024); !bytes.HasSuffix(whole, end) {
		s.Error("the archive breaks off")
	}
	texts, headers := map[string]string{}, map[string]*tar.Header{}
	for in := tar.NewReader(bytes.NewReader(whole)); ; {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return texts, headers
		}
		s.must(err)
		text, err := io.ReadAll(in)
		s.must(err)
		name := strings.TrimSuffix(h.Name, "/")
		texts[name], headers[name] = string(text), h
	}
}

func (s *suite) files() {
	id := s.create(s.spec(Lives))
	written := time.Date(2020, 2, 3, 4, 5, 6, 0, time.UTC)
	put := func(text string) {
		s.Helper()
		s.must(s.Engine.Put(s.ctx, id, fstest.MapFS{"opt/suite/a.txt": {Data: []byte(text)}, "opt/suite/deep/b.txt": {Data: []byte("b")}}, written))
	}
	put("a")
	texts, headers := s.entries(s.Engine.Get(s.ctx, id, "/opt/suite/a.txt"))
	h := headers["a.txt"]
	if len(texts) != 1 || texts["a.txt"] != "a" || h == nil || !h.ModTime.Equal(written) || h.Mode&0o777 != 0o644 {
		s.Errorf("the file that was put is %q, %+v", texts, h)
	}
	s.start(id)
	put("another")
	texts, headers = s.entries(s.Engine.Get(s.ctx, id, "/opt/suite"))
	if texts["suite/a.txt"] != "another" || texts["suite/deep/b.txt"] != "b" || headers["suite/deep"] == nil {
		s.Errorf("the directory that was put is %q", texts)
	}
	if _, err := s.Engine.Get(s.ctx, id, "/opt/nothing"); !errors.Is(err, engine.ErrNotFound) {
		s.Errorf("getting a missing path: %v", err)
	}
	if texts, _ := s.entries(s.Engine.Get(s.ctx, id, "/etc/passwd")); texts["passwd"] == "" {
		s.Errorf("of the image the container has %q", texts)
	}
	_, err := s.Engine.Get(s.ctx, s.Name(s.T), "/etc/passwd")
	s.is("files of a missing container", err, engine.ErrNotFound)
}

func (s *suite) events() {
	spec, other := s.spec(Lives), s.spec(Lives)
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	opened, seen, over := make(chan struct{}), make(chan engine.Event, 100), make(chan error, 1)
	go func() {
		over <- s.Engine.Watch(ctx, []string{spec.Name}, func() { close(opened) }, func(e engine.Event) { seen <- e })
	}()
	<-opened
	// until waits for an event, and returns those before it.
	until := func(actions ...string) (before []string) {
		s.Helper()
		for {
			select {
			case e := <-seen:
				if e.Container != spec.Name {
					s.Errorf("an event of %s", e.Container)
				}
				if slices.ContainsFunc(actions, func(action string) bool { return strings.HasPrefix(e.Action, action) }) {
					return before
				}
				before = append(before, e.Action)
			case <-s.ctx.Done():
				s.Fatalf("there is no event %q after %q", actions, before)
			}
		}
	}
	s.must(s.Engine.Start(s.ctx, s.create(other)))
	id := s.create(spec)
	until("create")
	s.must(s.Engine.Start(s.ctx, id))
	until("start")
	if s.Pause != nil {
		s.Pause(s.T, id)
		until("pause")
		s.must(s.Engine.Start(s.ctx, id))
		until("unpause")
	}
	s.must(s.Engine.Stop(s.ctx, id, testTimeout))
	if before := until("kill"); slices.Contains(before, "die") {
		s.Errorf("before the end of a stopped container came %q", before)
	}
	until("die")
	if r, can := engine.As[engine.Replacer](s.Engine); can {
		elsewhere := s.Name(s.T)
		s.must(r.Rename(s.ctx, id, elsewhere))
		until("rename")
		s.must(r.Rename(s.ctx, id, spec.Name))
		until("rename")
	}
	s.must(s.Engine.Remove(s.ctx, id))
	until("destroy", "remove")
	cancel()
	s.is("the end of the stream", <-over, context.Canceled)
}

func (s *suite) ports() {
	c := s.begun(Serves)
	route, err := s.Engine.Reach(s.ctx, c, inner)
	s.must(err)
	defer route.Close()
	transport := &http.Transport{DisableKeepAlives: true}
	transport.DialContext = dialing(route)
	answer, err := (&http.Client{Transport: transport}).Get("http://runtime/")
	s.must(err)
	if _ = answer.Body.Close(); answer.StatusCode != http.StatusOK {
		s.Errorf("the server answers %s", answer.Status)
	}
	_, err = s.Engine.Reach(s.ctx, c, 22)
	s.is("a port that is not published", err, engine.ErrNotFound)
	if !s.publishes() {
		return
	}

	spec := s.spec(Lives)
	spec.Publish = []config.PublishedPort{{Host: s.Port(s.T), Container: 6006}, {Host: c.Ports[inner], Container: 7861}}
	id := s.create(spec)
	if made := s.inspect(id); made.Ports[6006] != spec.Publish[0].Host || made.Ports[7861] != spec.Publish[1].Host || made.Ports[inner] != spec.Port || len(made.Ports) != 3 {
		s.Errorf("the ports are %v", made.Ports)
	} else if address := made.Addresses[6006]; len(address) != 1 || !address[0].Addr().IsLoopback() {
		s.Errorf("a port is published at %v", address)
	}
	err = s.Engine.Start(s.ctx, id)
	s.is("starting with a published port in use", err, engine.ErrPortInUse)
	if err != nil && !strings.Contains(err.Error(), fmt.Sprintf("127.0.0.1:%d", c.Ports[inner])) {
		s.Errorf("which port is in use is not told: %v", err)
	}
	s.must(s.Engine.Remove(s.ctx, id))

	spec = s.spec(Serves)
	spec.Port, spec.Gateway = c.Ports[inner], true
	spec.Publish = []config.PublishedPort{{Container: 6006}}
	id = s.create(spec)
	s.must(s.Engine.Start(s.ctx, id))
	chosen := s.inspect(id)
	if port := chosen.Ports[inner]; port == 0 || port == spec.Port {
		s.Errorf("the engine publishes at the port %d, and not at one that it chooses", port)
	}
	if chosen.Ports[6006] == 0 {
		s.Errorf("another port that the engine is to choose: %v", chosen.Ports)
	}
	if route, err := s.Engine.Reach(s.ctx, chosen, inner); err != nil {
		s.Errorf("a port that the engine chose: %v", err)
	} else {
		_ = route.Close()
	}
	s.must(s.Engine.Stop(s.ctx, id, 0))

	spec = s.spec(Lives)
	spec.Port = c.Ports[inner]
	id = s.create(spec)
	s.is("starting with a port in use", s.Engine.Start(s.ctx, id), engine.ErrPortInUse)
	if second := s.inspect(id); second.Running {
		s.Errorf("the container runs without its port: %+v", second)
	}
	if ports, has := engine.As[engine.Ports](s.Engine); has {
		if names, err := ports.PublishedBy(s.ctx, c.Ports[inner]); err != nil || !slices.Contains(names, c.Name) {
			s.Errorf("the port belongs to %q, %v", names, err)
		}
	}
	s.must(s.Engine.Stop(s.ctx, c.ID, 0))
	s.must(s.Engine.Start(s.ctx, id)) // the port is free now
}

func (s *suite) images() {
	image, err := s.Engine.Image(s.ctx, s.Image, "")
	s.must(err)
	if image.ID == "" || image.Config == nil {
		s.Errorf("the image is %+v", image)
	}
	if same, err := s.Engine.Image(s.ctx, image.ID, ""); err != nil || same.ID != image.ID {
		s.Errorf("by its ID it is %+v, %v", same, err)
	}
	if other, err := s.Engine.Image(s.ctx, s.Image, "linux/s390x"); err != nil || other.ID != "" {
		s.Errorf("for another platform it is %+v, %v", other, err)
	}
	if none, err := s.Engine.Image(s.ctx, s.Missing, ""); err != nil || none.ID != "" || none.Config != nil {
		s.Errorf("an image that is not there is %+v, %v", none, err)
	}
}

func (s *suite) pull() {
	var seen []engine.Progress
	s.must(s.Engine.Pull(s.ctx, s.Published, "", func(p engine.Progress) { seen = append(seen, p) }))
	if len(seen) == 0 {
		s.Fatal("no progress was told")
	}
	for i, p := range seen {
		if p.Bytes > p.Total || p.LayersDone > p.Layers || i > 0 && p.Bytes < seen[i-1].Bytes {
			s.Errorf("the progress was %+v", seen[:i+1])
		}
	}
	if last := seen[len(seen)-1]; last.LayersDone != last.Layers || last.Bytes != last.Total {
		s.Errorf("at the end the progress was %+v", last)
	}
	image, err := s.Engine.Image(s.ctx, s.Published, "")
	if err != nil || image.ID == "" || image.Local {
		s.Errorf("the image that was pulled is %+v, %v", image, err)
	}
	nothing := func(engine.Progress) {}
	s.is("an image that nobody has", s.Engine.Pull(s.ctx, s.Missing, "", nothing), engine.ErrImageNotFound)
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	s.is("nobody waits", s.Engine.Pull(ctx, s.Published, "", nothing), context.Canceled)
	if tagger, has := engine.As[engine.Tagger](s.Engine); has {
		s.must(tagger.Untag(s.ctx, s.Published))
		if image, err := s.Engine.Image(s.ctx, s.Published, ""); err != nil || image.ID != "" {
			s.Errorf("the image that nobody uses is %+v, %v", image, err)
		}
	}
}
