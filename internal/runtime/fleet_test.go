package runtime

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/jupyter"
	"colabtray/internal/problem"
	"colabtray/test/testenv"
)

// counter is a way to an engine that counts the event streams, and can refuse to
// tell so many times what is on the disk.
type counter struct {
	address      string
	open, opened atomic.Int32
	diskBusy     atomic.Int32
}

func newCounter(t *testing.T, host string) *counter {
	t.Helper()
	at, err := url.Parse(host)
	if err != nil {
		t.Fatal(err)
	}
	network, address := "tcp", at.Host
	if at.Scheme == "unix" {
		network, address = "unix", at.Path
	}
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
	forward := &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.Out.URL.Scheme, r.Out.URL.Host = "http", "docker" },
		Transport:     transport,
		FlushInterval: -1,
		ErrorLog:      slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo),
	}
	dir, err := os.MkdirTemp("/tmp", "engine") // short enough for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "sock")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	c := &counter{address: "unix://" + path}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/events") && strings.Contains(r.URL.Query().Get("filters"), `"container":{`) { // not of renames
			c.opened.Add(1)
			c.open.Add(1)
			defer c.open.Add(-1)
		}
		if strings.HasSuffix(r.URL.Path, "/system/df") && c.diskBusy.Add(-1) >= 0 {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, `{"message": "a disk usage operation is already running"}`) // Docker 20.10
			return
		}
		forward.ServeHTTP(w, r)
	})}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() {
		_ = server.Close()
		transport.CloseIdleConnections()
	})
	return c
}

// untilOneStream waits for one open event stream, the last of as many as given.
func (c *counter) untilOneStream(t *testing.T, opened int32) {
	t.Helper()
	testenv.WaitFor(t, "one event stream", func() error {
		if now, all := c.open.Load(), c.opened.Load(); now != 1 || all != opened {
			return fmt.Errorf("%d are open, %d were opened", now, all)
		}
		return nil
	})
}

// counted is the engine by way of a counter of its event streams.
func (s site) counted(t *testing.T) (*counter, site) {
	t.Helper()
	if s.memory == nil {
		c := newCounter(t, s.host)
		s.host = c.address
		return c, s
	}
	c := &counter{}
	s.memory.as = countedStreams{s.memory.Engine, c}
	return c, s
}

// countedStreams is an engine in memory whose event streams are counted.
type countedStreams struct {
	engine.Engine
	*counter
}

func (e countedStreams) Unwrap() engine.Engine { return e.Engine }

func (e countedStreams) Watch(ctx context.Context, names []string, opened func(), each func(engine.Event)) error {
	e.counter.opened.Add(1)
	e.counter.open.Add(1)
	defer e.counter.open.Add(-1)
	return e.Engine.Watch(ctx, names, opened, each)
}

// lent is an engine that whoever borrows it cannot close.
type lent struct{ engine.Engine }

func (l lent) Close() error { return nil }

func (l lent) Unwrap() engine.Engine { return l.Engine }

// fleetRig is a fleet, and what is needed to look at it.
type fleetRig struct {
	*Fleet
	t *testing.T
}

func openFleet(t *testing.T, at site, profiles map[string]config.Profile, current string) *fleetRig {
	t.Helper()
	log := toldOnFailure(t)
	e, closed := at.open(t)
	t.Cleanup(closed)
	links := NewLinks(func(string) engine.Engine { return lent{e} }, log)
	f := &fleetRig{NewFleet(links, profiles, current, Options{Server: shipped(), Log: log}), t}
	f.runWith(links)
	return f
}

// toldOnFailure returns a log that a test which fails prints at its end.
func toldOnFailure(t *testing.T) *slog.Logger {
	var text bytes.Buffer
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("log of the fleet:\n%s", &text)
		}
	})
	return slog.New(slog.NewTextHandler(&lockedWriter{mu: new(sync.Mutex), w: &text}, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// runWith runs the fleet until the test ends, which closes its links.
func (f *fleetRig) runWith(links *Links) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { links.Run(ctx) })
	running.Go(func() { f.Run(ctx) })
	f.t.Cleanup(func() {
		cancel()
		running.Wait()
		links.Close()
	})
}

// profileOf is the profile of a runtime that does not exist yet.
func profileOf(t *testing.T, at site, name, image string) config.Profile {
	t.Helper()
	p := config.Default()
	p.Name, p.Runtime, p.Image, p.Port = name, at.runtimeName(t), at.image(t, image), testenv.FreePort(t)
	return p
}

// eachSite runs a test on Docker and on Podman.
func eachSite(t *testing.T, test func(t *testing.T, at site)) {
	realEngine(t)
	for engine := range sites {
		onSite(t, engine, test)
	}
}

func onSite(t *testing.T, engine string, test func(t *testing.T, at site)) {
	t.Run(engine, func(t *testing.T) {
		t.Parallel()
		test(t, sites[engine](t))
	})
}

func byName(profiles ...config.Profile) map[string]config.Profile {
	all := map[string]config.Profile{}
	for _, p := range profiles {
		all[p.Name] = p
	}
	return all
}

// until waits for an overview.
func (f *fleetRig) until(what string, is func(Overview) bool) Overview {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), longEnough)
	defer cancel()
	var last Overview
	for last = range f.Watch(ctx) {
		if is(last) {
			return last
		}
	}
	f.t.Fatalf("waited for %s in vain; it is %+v", what, last)
	return last
}

func (f *fleetRig) untilState(profile string, s State) Snapshot {
	f.t.Helper()
	o := f.until(profile+" "+s.String(), func(o Overview) bool {
		now, is := o.Of(profile)
		return is && now.State == s
	})
	now, _ := o.Of(profile)
	return now
}

func (f *fleetRig) mustStart(profile string) Snapshot {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), longEnough)
	defer cancel()
	if err := f.Start(ctx, profile); err != nil {
		f.t.Fatalf("%s: %v", profile, err)
	}
	return f.untilState(profile, Ready)
}

// mustServe fails the test unless the Backend URL opens the API.
func (f *fleetRig) mustServe(u jupyter.BackendURL) {
	f.t.Helper()
	(&rig{t: f.t}).mustServe(u)
}

func TestSeveralRuntimesAtOnce(t *testing.T) {
	anySite(t, func(t *testing.T, at site) {
		c, counted := at.counted(t)
		one := profileOf(t, at, "one", testenv.Notebook6)
		two := profileOf(t, at, "two", testenv.Server2)
		three := profileOf(t, at, "three", testenv.Notebook6)
		f := openFleet(t, counted, byName(one, two), "two")

		var both sync.WaitGroup
		for _, p := range []string{"one", "two"} {
			both.Go(func() {
				if err := f.Start(t.Context(), p); err != nil {
					t.Errorf("%s: %v", p, err)
				}
			})
		}
		both.Wait()
		first, second := f.untilState("one", Ready), f.untilState("two", Ready)
		if first.Port != one.Port || second.Port != two.Port {
			t.Errorf("the ports are %d and %d", first.Port, second.Port)
		}
		f.mustServe(first.URL)
		f.mustServe(second.URL)
		if o := f.Overview(); o.Current != "two" || o.Runtime().URL != second.URL {
			t.Errorf("the current one is %q", o.Current)
		}
		if n := c.opened.Load(); n != 1 {
			t.Errorf("%d event streams were opened for two runtimes", n)
		}

		if err := f.Stop(t.Context(), "one"); err != nil {
			t.Fatal(err)
		}
		f.untilState("one", Stopped)
		if now, _ := f.Overview().Of("two"); now.State != Ready || now.URL != second.URL {
			t.Errorf("with the other stopped it is %+v", now)
		}

		// A third one comes while the program runs.
		f.Update(byName(one, two, three))
		f.untilState("three", Absent)
		f.mustServe(f.mustStart("three").URL)
		c.untilOneStream(t, 2)
		at.others(t, "start", one.Runtime)
		f.untilState("one", Ready) // the new stream is for those from before, too

		// One that goes is left as it is.
		f.Update(byName(one, three))
		if o := f.Overview(); len(o.Runtimes) != 2 || o.Current != "one" {
			t.Errorf("after one is gone it is %+v", o)
		}
		if !at.runs(t, two.Runtime) {
			t.Error("the runtime of a profile that is gone was stopped")
		}
		c.untilOneStream(t, 3) // two changes at once may share a stream
		var p *problem.Problem
		if err := f.Start(t.Context(), "two"); !errors.As(err, &p) || p.Code != problem.NoProfile {
			t.Errorf("starting it gave %v", err)
		}

		// It comes back as what it is by then.
		f.Update(byName(one, two, three))
		f.untilState("two", Ready)
		at.others(t, "kill", two.Runtime)
		f.untilState("two", Stopped)
		c.untilOneStream(t, 4)
	})
}

func TestUpdateChangesWhatIsNewlyMade(t *testing.T) {
	anySite(t, func(t *testing.T, at site) {
		p := profileOf(t, at, "one", testenv.Notebook6)
		f := openFleet(t, at, byName(p), "one")
		f.untilState("one", Absent)
		p.Image, p.Port = at.image(t, testenv.Server2), testenv.FreePort(t)
		f.Update(byName(p))
		f.until("the new settings", func(o Overview) bool { return o.Runtime().Image == p.Image && o.Runtime().Port == p.Port })
		f.mustServe(f.mustStart("one").URL)

		// Another name of the container is another runtime.
		before := p.Runtime
		p.Runtime, p.Port = at.runtimeName(t), testenv.FreePort(t)
		f.Update(byName(p))
		if s := f.untilState("one", Absent); s.Runtime != p.Runtime {
			t.Errorf("it is %+v", s)
		}
		if !at.runs(t, before) {
			t.Error("the runtime that had the profile was stopped")
		}
	})
}

// TestOneRuntimeOfTwoProfiles has two sets of settings for one container.
func TestOneRuntimeOfTwoProfiles(t *testing.T) {
	anySite(t, func(t *testing.T, at site) {
		one := profileOf(t, at, "one", testenv.Notebook6)
		two := one
		two.Name, two.Image, two.Port = "two", at.image(t, testenv.Server2), testenv.FreePort(t)
		f := openFleet(t, at, byName(one, two), "one")
		f.untilState("two", Absent)
		if err := f.Select("two"); err != nil {
			t.Fatal(err)
		}
		s := f.mustStart("two")
		if s.Image != two.Image || s.Port != two.Port {
			t.Errorf("it was made from other settings: %+v", s)
		}
		if other, _ := f.Overview().Of("one"); other.State != Ready || other.URL != s.URL {
			t.Errorf("the other profile has the same runtime, and shows %+v", other)
		}
		f.Update(byName(one, two))
		if m, err := f.Manager("two"); err != nil || m.Profile().Name != "two" {
			t.Errorf("the settings in force are %+v, %v", m.Profile(), err)
		}
		if err := f.Select("one"); err != nil {
			t.Fatal(err)
		}
		f.Update(byName(one)) // the profile goes, its runtime does not
		f.untilState("one", Ready)
	})
}

func TestFleetWithoutAnEngine(t *testing.T) {
	one, two := config.Default(), config.BuiltIn()["classic"]
	f := openFleet(t, site{host: "unix:///nowhere/docker.sock"}, byName(one), one.Name)
	f.untilState(one.Name, NoEngine)
	f.Update(byName(one, two))
	if s := f.untilState(two.Name, NoEngine); s.Problem == nil {
		t.Errorf("one that joins is %+v", s)
	}

	broken := &problem.Problem{Code: problem.Settings, Short: "Line 3 of the settings makes no sense"}
	f.Broken(broken)
	if o := f.Overview(); o.Settings != broken || len(o.Runtimes) != 2 || o.Runtime().State != NoEngine {
		t.Errorf("with broken settings it is %+v", o)
	}
	f.Update(byName(two))
	if o := f.Overview(); o.Settings != nil || o.Current != two.Name {
		t.Errorf("with others it is %+v", o)
	}
	var p *problem.Problem
	for what, err := range map[string]error{
		"select": f.Select("jupyter"),
		"stop":   f.Stop(t.Context(), "jupyter"),
		"logs":   f.Logs(t.Context(), "jupyter", io.Discard, LogOptions{}),
	} {
		if !errors.As(err, &p) || p.Code != problem.NoProfile {
			t.Errorf("%s of a profile that is gone: %v", what, err)
		}
	}
	if err := f.Select(two.Name); err != nil {
		t.Error(err)
	}
}

// TestOverviewsAreWhole changes a fleet from several sides at once: every
// overview is sorted and has its current profile.
func TestOverviewsAreWhole(t *testing.T) {
	all := config.BuiltIn()
	f := openFleet(t, site{host: "unix:///nowhere/docker.sock"}, all, "classic")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var looking, changing sync.WaitGroup
	for range 3 {
		looking.Go(func() {
			rev := uint64(0)
			for o := range f.Watch(ctx) {
				names := []string{}
				for _, s := range o.Runtimes {
					names = append(names, s.Profile)
				}
				if _, known := o.Of(o.Current); !known || !slices.IsSorted(names) || o.Rev < rev {
					t.Errorf("an overview is %+v", o)
				}
				rev = o.Rev
			}
		})
	}
	for _, name := range []string{"jupyter", "classic", "colab-gpu"} {
		changing.Go(func() {
			for i := range 20 {
				fewer := byName(all["jupyter"], all[name])
				if i%2 == 0 {
					fewer = all
				}
				f.Update(fewer)
				_ = f.Select(name)
			}
		})
	}
	changing.Wait()
	cancel()
	looking.Wait()
}
