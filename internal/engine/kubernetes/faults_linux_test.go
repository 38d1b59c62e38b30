package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/engine/enginetest"
	"colabtray/internal/problem"
	"colabtray/internal/secret"
	"colabtray/test/testenv"
)

// TestNamespaces: two people who have the rights in their own namespace alone see nothing
// of each other's, by any way of the engine.
func TestNamespaces(t *testing.T) {
	testenv.Takes(t, "it runs pods on a real cluster")
	cluster := testenv.Cluster(t)
	cluster.Use(t)
	ada, bob := newPerson(t, cluster, "ada"), newPerson(t, cluster, "bob")
	const port = 8888
	with := func(s *engine.Spec) {
		s.Volume, s.DataDir = s.Name+"-data", "/home/jovyan"
		s.Env = []config.Variable{{Name: "JUPYTER_TOKEN", Value: secret.New("bobs-secret")}}
	}
	own, his := ada.runs(enginetest.Serves, with), bob.runs(enginetest.Serves, with)
	name := his.Name
	for _, id := range []string{his.ID, name} {
		if c, err := ada.Inspect(t.Context(), id); err != nil || c.Exists {
			t.Errorf("in her own namespace ada finds %+v, %v", c, err)
		}
	}
	if names, err := ada.VolumeUsers(t.Context(), name+"-data", false); err != nil || len(names) != 0 {
		t.Errorf("ada finds the users %q, %v", names, err)
	}

	intruder := Open("kubernetes://ada/"+cluster.Namespace("bob"), ada.log)
	intruder.dir = t.TempDir()
	t.Cleanup(func() { _ = intruder.Close() })
	var p *problem.Problem
	if _, err := intruder.Connect(t.Context()); !errors.As(err, &p) || p.Code != problem.ClusterDenied || !errors.Is(err, engine.ErrUnreachable) {
		t.Errorf("bob's namespace is open to ada: %v", err)
	}
	attempts := map[string]func(context.Context) error{
		"inspect": func(ctx context.Context) error { _, err := intruder.Inspect(ctx, name); return err },
		"watch": func(ctx context.Context) error {
			return intruder.Watch(ctx, []string{name}, func() { t.Error("it sees changes") }, func(engine.Event) {})
		},
		"start":   func(ctx context.Context) error { return intruder.Start(ctx, his.ID) },
		"stop":    func(ctx context.Context) error { return intruder.Stop(ctx, his.ID, time.Second) },
		"remove":  func(ctx context.Context) error { return intruder.Remove(ctx, his.ID) },
		"logs":    func(ctx context.Context) error { _, err := intruder.Logs(ctx, his, engine.LogQuery{}); return err },
		"get":     func(ctx context.Context) error { _, err := intruder.Get(ctx, his.ID, "/etc/passwd"); return err },
		"exec":    func(ctx context.Context) error { _, _, err := intruder.Exec(ctx, his.ID, []string{"env"}); return err },
		"volume":  func(ctx context.Context) error { return intruder.RemoveVolume(ctx, name+"-data") },
		"volumes": func(ctx context.Context) error { _, err := intruder.Images(ctx); return err },
		"pull":    func(ctx context.Context) error { return intruder.Pull(ctx, ada.image, "", func(engine.Progress) {}) },
		"kubectl exec": func(ctx context.Context) error {
			return intruder.failure(run(ctx, intruder.tool().command(inside(name, []string{"env"})...), nil, nil))
		},
		"port": func(ctx context.Context) error {
			route, err := intruder.Reach(ctx, his, port)
			must(t, err)
			defer route.Close()
			_, err = gets(ctx, route)
			return err
		},
	}
	for what, attempt := range attempts {
		if err := attempt(t.Context()); !errors.As(err, &p) || p.Code != problem.ClusterDenied {
			t.Errorf("%s: %v", what, err)
		}
	}
	if c, err := bob.Inspect(t.Context(), his.ID); err != nil || !runs(c) || !c.StartedAt.Equal(his.StartedAt) {
		t.Errorf("after that bob's is %+v, %v", c, err)
	}
	if c, err := ada.Inspect(t.Context(), own.ID); err != nil || !runs(c) {
		t.Errorf("after that ada's is %+v, %v", c, err)
	}
}

// gets asks the server at the end of a route, by a connection of its own.
func gets(ctx context.Context, route engine.Route) (status string, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	transport := &http.Transport{DisableKeepAlives: true}
	transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) { return route.Dial(ctx) }
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://runtime/", nil)
	if err != nil {
		return "", err
	}
	answer, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return "", err
	}
	return answer.Status, answer.Body.Close()
}

// serves makes a person's container that serves, and the route to it.
func (p *person) serves() (engine.Container, *route) {
	p.t.Helper()
	c := p.runs(enginetest.Serves, func(*engine.Spec) {})
	way, err := p.Reach(p.t.Context(), c, 8888)
	must(p.t, err)
	p.t.Cleanup(func() { _ = way.Close() })
	p.answers(way)
	return c, way.(*route)
}

// answers waits until the server at the end of a route answers.
func (p *person) answers(way engine.Route) {
	p.t.Helper()
	testenv.WaitFor(p.t, "an answer of the server", func() error {
		status, err := gets(p.t.Context(), way)
		if err == nil && status != "200 OK" {
			err = fmt.Errorf("it answers %s", status)
		}
		return err
	})
}

func (r *route) pid() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.forward.child.PID()
}

// TestForwardSilent: the packets of a port-forward vanish, of which it tells nobody. The
// request that waits for an answer ends, and the next one has it.
func TestForwardSilent(t *testing.T) {
	testenv.Takes(t, "it runs pods on a real cluster")
	cluster := testenv.Cluster(t)
	cluster.Use(t)
	bob := newPerson(t, cluster, "bob")
	c, way := bob.serves()
	before := way.pid()
	cluster.Silence(t, before)
	began := time.Now()
	if status, err := gets(t.Context(), way); err == nil {
		t.Errorf("through nothing comes the answer %s", status)
	}
	bob.answers(way)
	t.Logf("usable %v after the cut", time.Since(began))
	if way.pid() == before {
		t.Error("the port-forward is the one without packets")
	}
	if now, err := bob.Inspect(t.Context(), c.ID); err != nil || !runs(now) || !now.StartedAt.Equal(c.StartedAt) {
		t.Errorf("the container is %+v, %v", now, err)
	}
}

// TestAPIServerKilled: while the API server is away nothing is known, and when it is back
// the container runs as before and is reached.
func TestAPIServerKilled(t *testing.T) {
	testenv.Takes(t, "it runs pods on a real cluster")
	cluster := testenv.Cluster(t)
	cluster.Use(t)
	bob := newPerson(t, cluster, "bob")
	c, way := bob.serves()
	opened, over := make(chan struct{}), make(chan error, 1)
	go func() {
		over <- bob.Watch(t.Context(), []string{c.Name}, func() { close(opened) }, func(engine.Event) {})
	}()
	<-opened
	start := cluster.KillAPI(t)
	if err := <-over; !errors.Is(err, engine.ErrUnreachable) {
		t.Errorf("the watch ends with %v", err)
	}
	if _, err := bob.Inspect(t.Context(), c.ID); !errors.Is(err, engine.ErrUnreachable) {
		t.Errorf("while the API server is away: %v", err)
	}
	if _, err := bob.Connect(t.Context()); !errors.Is(err, engine.ErrUnreachable) {
		t.Errorf("a connection while the API server is away: %v", err)
	}
	start()
	if _, err := bob.Connect(t.Context()); err != nil {
		t.Errorf("once it is back: %v", err)
	}
	if now, err := bob.Inspect(t.Context(), c.ID); err != nil || !runs(now) || now.ID != c.ID || !now.StartedAt.Equal(c.StartedAt) {
		t.Errorf("the container was %+v, and is %+v, %v", c, now, err)
	}
	bob.answers(way)
}
