package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
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

// makesPrecious runs a container that begins its data with a file, and then runs a command.
// It does neither when it starts again.
func (p *person) makesPrecious(command string, set func(*engine.Spec)) engine.Container {
	p.t.Helper()
	return p.runs("[ -e precious ] || { echo precious >precious; "+command+"; }; "+enginetest.Lives, func(s *engine.Spec) {
		s.Volume, s.DataDir, s.WorkDir = s.Name+"-data", "/home/jovyan", "/home/jovyan"
		set(s)
	})
}

// hasPrecious fails the test unless the file is there.
func (p *person) hasPrecious(id string) {
	p.t.Helper()
	if out, _, err := p.Exec(p.t.Context(), id, []string{"cat", "precious"}); err != nil || out != "precious\n" {
		p.t.Errorf("after it was started again the file is %q, %v", out, err)
	}
}

// TestEvicted: a node ends a pod because of the disk that it takes. The container tells
// that, and starts again with its data.
func TestEvicted(t *testing.T) {
	testenv.Takes(t, "it runs pods on a real cluster")
	cluster := testenv.Cluster(t)
	cluster.Use(t)
	bob := newPerson(t, cluster, "bob")
	// The namespace gives each pod a limit.
	limits := filepath.Join(t.TempDir(), "limits.yaml")
	const text = `apiVersion: v1
kind: LimitRange
metadata: {name: disk}
spec: {limits: [{type: Container, default: {ephemeral-storage: 50Mi}}]}
`
	must(t, os.WriteFile(limits, []byte(text), 0o600))
	namespace := "--namespace=" + cluster.Namespace("bob")
	t.Cleanup(func() { cluster.Kubectl(t, namespace, "delete", "--ignore-not-found", "--filename="+limits) })
	cluster.Kubectl(t, namespace, "apply", "--filename="+limits)

	c := bob.makesPrecious("head -c 200M /dev/zero >/tmp/large", func(*engine.Spec) {})
	ended := bob.until(c.ID, func(c engine.Container) bool { return !c.Running })
	if ended.Cause != engine.CauseEvicted || !strings.Contains(ended.CauseSaid, "ephemeral local storage") {
		t.Errorf("it ended as %+v", ended)
	}
	must(t, bob.Start(t.Context(), c.ID))
	bob.until(c.ID, runs)
	bob.hasPrecious(c.ID)
}

// TestGroupIgnored: a storage class ignores the group that a pod asks for. The runtime
// fails for that reason, before it begins.
func TestGroupIgnored(t *testing.T) {
	testenv.Takes(t, "it runs pods on a real cluster")
	cluster := testenv.Cluster(t)
	cluster.Use(t)
	bob := newPerson(t, cluster, "bob")
	id := bob.makes(enginetest.Lives, func(s *engine.Spec) {
		s.Volume, s.DataDir, s.Cluster.StorageClass = s.Name+"-data", "/home/jovyan", "hostpath"
	})
	must(t, bob.Start(t.Context(), id))
	if c := bob.until(id, func(c engine.Container) bool { return !c.Running }); c.Cause != engine.CauseReadOnly {
		t.Errorf("it ended as %+v", c)
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

// TestDrained: a node is emptied for maintenance. The container tells that it was ended
// there, and starts again with its data once there is a node.
func TestDrained(t *testing.T) {
	testenv.Takes(t, "it runs pods on a real cluster")
	cluster := testenv.Cluster(t)
	cluster.Use(t)
	bob := newPerson(t, cluster, "bob")
	c := bob.makesPrecious("true", func(*engine.Spec) {})
	cluster.Drain(t, c.Name)
	ended := bob.until(c.ID, func(c engine.Container) bool { return !c.Running })
	if ended.Cause != engine.CauseLost && ended.Cause != engine.CauseDeleted {
		t.Errorf("it ended as %+v", ended)
	}
	must(t, bob.Start(t.Context(), c.ID))
	bob.until(c.ID, func(c engine.Container) bool { return c.Waiting != nil && c.Waiting.For == engine.WaitingForRoom })
	cluster.Uncordon(t)
	bob.until(c.ID, runs)
	bob.hasPrecious(c.ID)
}

// TestPreempted: something more urgent takes the GPU. The container tells that it was ended,
// and starts again with its data once there is a GPU.
func TestPreempted(t *testing.T) {
	testenv.Takes(t, "it runs pods on a real cluster")
	cluster := testenv.Cluster(t)
	cluster.Use(t)
	bob := newPerson(t, cluster, "bob")
	c := bob.makesPrecious("true", func(s *engine.Spec) { s.GPU.Count = 1 })
	done := cluster.Urge(t, "ada", bob.image)
	ended := bob.until(c.ID, func(c engine.Container) bool { return !c.Running })
	if ended.Cause != engine.CausePreempted && ended.Cause != engine.CauseDeleted { // of a pod that is gone it has no reason
		t.Errorf("it ended as %+v", ended)
	}
	must(t, bob.Start(t.Context(), c.ID))
	bob.until(c.ID, func(c engine.Container) bool { return c.Waiting != nil && c.Waiting.For == engine.WaitingForGPU })
	done()
	bob.until(c.ID, runs)
	bob.hasPrecious(c.ID)
}

// TestNoStorageClass: a container whose volume nobody makes waits for that, and runs once
// there is a storage class.
func TestNoStorageClass(t *testing.T) {
	testenv.Takes(t, "it runs pods on a real cluster")
	cluster := testenv.Cluster(t)
	cluster.Use(t)
	bob := newPerson(t, cluster, "bob")
	restore := cluster.WithoutDefaultClass(t)
	id := bob.makes(enginetest.Lives, func(s *engine.Spec) { s.Volume, s.DataDir = s.Name+"-data", "/home/jovyan" })
	must(t, bob.Start(t.Context(), id))
	c := bob.until(id, func(c engine.Container) bool { return c.Waiting != nil && c.Waiting.For == engine.WaitingForVolume })
	if !strings.Contains(c.Waiting.Said, "PersistentVolumeClaim") {
		t.Errorf("it waits for %+v", c.Waiting)
	}
	name, _ := nameOf(id)
	if class := cluster.Kubectl(t, "--namespace="+cluster.Namespace("bob"), "get", "persistentvolumeclaim", name+"-data", "--output=jsonpath={.spec.storageClassName}"); class != "" {
		t.Errorf("the volume has the class %q", class)
	}
	restore()
	bob.until(id, runs)
}

// TestSecretNowhere: the environment of a container, and so its token, is in a secret and
// nowhere else that can be looked at: in no description, event or argument.
func TestSecretNowhere(t *testing.T) {
	testenv.Takes(t, "it runs pods on a real cluster")
	cluster := testenv.Cluster(t)
	cluster.Use(t)
	bob := newPerson(t, cluster, "bob")
	const token = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
	c := bob.runs(enginetest.Lives, func(s *engine.Spec) {
		s.Env = []config.Variable{{Name: "JUPYTER_TOKEN", Value: secret.New(token)}}
	})
	if out, _, err := bob.Exec(t.Context(), c.ID, []string{"printenv", "JUPYTER_TOKEN"}); err != nil || out != token+"\n" {
		t.Fatalf("in the container it is %q, %v", out, err)
	}
	namespace := "--namespace=" + cluster.Namespace("bob")
	described := cluster.Kubectl(t, namespace, "describe", "pods,configmaps,secrets,events")
	if !strings.Contains(described, c.Name) {
		t.Errorf("it is not described:\n%s", described)
	}
	arguments := ""
	files, err := filepath.Glob("/proc/[0-9]*/cmdline") // the node's processes are among ours
	must(t, err)
	for _, file := range files {
		line, _ := os.ReadFile(file) // it may have ended
		arguments += string(line) + "\n"
	}
	if !strings.Contains(arguments, "kubectl") {
		t.Error("no arguments were seen")
	}
	told := map[string]string{
		"descriptions": described, "arguments": arguments,
		"pods, records and events": cluster.Kubectl(t, namespace, "get", "pods,configmaps,events", "--output=json"),
	}
	for where, text := range told {
		if strings.Contains(text, token) {
			t.Errorf("the %s have the token", where)
		}
	}
}
