package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"colabtray/internal/colab"
	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/engine/kubernetes"
	"colabtray/internal/jupyter"
	"colabtray/internal/runtime"
	"colabtray/test/testenv"
)

// clusterSpeed measures a runtime on the cluster of test/cluster, beside kubectl by hand.
// Without that cluster it measures nothing.
func clusterSpeed() (results []result, err error) {
	testing.Init() // as for the tunnel
	if err := flag.Set("test.benchtime", "1x"); err != nil {
		return nil, err
	}
	failed := false
	done := testing.Benchmark(func(b *testing.B) {
		defer func() { failed = failed || b.Failed() }()
		if results == nil {
			results, err = measureCluster(loud{b})
		}
	})
	switch {
	case failed && err == nil:
		err = errors.New("a part of the test environment failed")
	case err == nil && done.N == 0:
		fmt.Fprintln(os.Stderr, "bench: cluster: skipped, as there is no Kubernetes cluster (see make cluster)")
	}
	return results, err
}

// loud tells what fails, which a benchmark keeps to itself.
type loud struct{ testing.TB }

// Fatal implements [testing.TB].
func (l loud) Fatal(args ...any) {
	fmt.Fprintln(os.Stderr, args...)
	l.TB.Fatal(args...)
}

// Fatalf implements [testing.TB].
func (l loud) Fatalf(format string, args ...any) { l.Fatal(fmt.Sprintf(format, args...)) }

// Errorf implements [testing.TB].
func (l loud) Errorf(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
	l.TB.Errorf(format, args...)
}

// onCluster is a runtime on the cluster, as the program has it.
type onCluster struct {
	*runtime.Manager
	engine    *kubernetes.Engine
	namespace string
	end       func()
}

func openOnCluster(dir string, p config.Profile, namespace string) *onCluster {
	log := slog.New(slog.DiscardHandler)
	e := kubernetes.Open(p.Engine, log)
	link := runtime.NewLink(e, log)
	c := &onCluster{engine: e, namespace: namespace, Manager: runtime.NewManager(link, p, runtime.Options{
		Server: runtime.Server{
			Cmd: colab.StartCommand(), Files: colab.ServerFiles, HandmadeFiles: colab.HandmadeFiles(), Ours: colab.IsOurs,
		},
		Tokens: jupyter.NewTokenStore(filepath.Join(dir, "tokens.json"), log), StopIdle: true, Locks: filepath.Join(dir, "locks"), Log: log,
	})}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { link.Run(ctx) })
	running.Go(func() { c.Run(ctx) })
	c.end = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		_ = e.Close()
	})
	return c
}

// until returns when the runtime was seen in a state.
func (c *onCluster) until(state runtime.State) (time.Time, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	var s runtime.Snapshot
	for s = range c.Watch(ctx) {
		if s.State == state {
			return time.Now(), nil
		}
	}
	return time.Time{}, fmt.Errorf("the runtime is never %s; it is %s, problem %w", state, s.State, s.Problem)
}

func measureCluster(b testing.TB) ([]result, error) {
	cluster := testenv.Cluster(b)
	cluster.Use(b)
	dir := b.TempDir()
	b.Setenv("XDG_RUNTIME_DIR", dir)
	p := config.Default()
	p.Engine, p.Runtime, p.Port = "kubernetes://bob", cluster.RuntimeName(b, "bob"), testenv.FreePort(b)
	p.Image, p.GPU = cluster.Image(b, standIn), config.GPU{Count: 1}
	c := openOnCluster(dir, p, cluster.Namespace("bob"))
	defer c.end()
	if err := c.Start(b.Context()); err != nil { // so that image and volume are there
		return nil, err
	}
	if err := c.Stop(b.Context()); err != nil {
		return nil, err
	}
	waits, err := clusterWaits(b, cluster, c)
	if err != nil {
		return nil, err
	}
	ready, err := clusterReady(b, cluster, c)
	if err != nil {
		return nil, err
	}
	connections, err := clusterConnections(b, cluster, c)
	if err != nil {
		return nil, err
	}
	idle, err := clusterIdle(b, cluster, c)
	return slices.Concat(waits, ready, connections, idle), err
}

// clusterWaits measures the time from a click to the state that the runtime waits for a
// GPU, beside kubectl that makes the same pod, up to the scheduler's word.
func clusterWaits(b testing.TB, cluster *testenv.KubernetesCluster, c *onCluster) ([]result, error) {
	taken := kubernetes.Open("kubernetes://ada", slog.New(slog.DiscardHandler))
	defer taken.Close()
	if _, err := taken.Connect(b.Context()); err != nil {
		return nil, err
	}
	if known, err := taken.Image(b.Context(), standIn, ""); err != nil || known.ID == "" {
		if err := errors.Join(err, taken.Pull(b.Context(), standIn, "", func(engine.Progress) {})); err != nil {
			return nil, err
		}
	}
	made, err := taken.Create(b.Context(), engine.Spec{
		Name: cluster.RuntimeName(b, "ada"), Image: standIn, Entrypoint: []string{"sh"}, Cmd: []string{"-c", "trap 'exit 0' TERM; while :; do sleep 1; done"},
		GPU: config.GPU{Count: 2},
	})
	if err != nil {
		return nil, err
	}
	if err := taken.Start(b.Context(), made.ID); err != nil {
		return nil, err
	}
	defer func() { _ = taken.Stop(context.Background(), made.ID, time.Second) }()
	if err := within(time.Minute, func() error {
		now, err := taken.Inspect(b.Context(), made.ID)
		if err == nil && now.Waiting != nil {
			err = errors.New("the GPUs are not taken yet")
		}
		return err
	}); err != nil {
		return nil, err
	}
	template := filepath.Join(b.TempDir(), "pod.json")
	name := c.Profile().Runtime
	record := cluster.Kubectl(b, "--namespace="+c.namespace, "get", "configmap", name, `--output=jsonpath={.data.pod\.json}`)
	if err := os.WriteFile(template, []byte(record), 0o600); err != nil {
		return nil, err
	}
	var ours, bare []time.Duration
	for range rounds {
		begun := time.Now()
		failed := make(chan error, 1)
		go func() { failed <- c.Start(b.Context()) }()
		at, err := c.until(runtime.Waiting)
		if err != nil {
			return nil, err
		}
		ours = append(ours, at.Sub(begun))
		if err := c.Stop(b.Context()); err != nil {
			return nil, err
		}
		<-failed
		begun = time.Now()
		cluster.Kubectl(b, "--namespace="+c.namespace, "create", "--filename="+template)
		cluster.Kubectl(b, "--namespace="+c.namespace, "wait", "pod", name, "--for=condition=PodScheduled=false", "--timeout=1m")
		bare = append(bare, time.Since(begun))
		cluster.Kubectl(b, "--namespace="+c.namespace, "delete", "pod", name, "--grace-period=1")
		if _, err := c.until(runtime.Stopped); err != nil {
			return nil, err
		}
	}
	return []result{{
		"click to \"Waiting: no GPU free\"", fmt.Sprintf("%s; kubectl create and wait: %s", span(ours), ms(median(bare))), "at most 2 s", median(ours) <= 2*time.Second,
	}}, nil
}

// clusterReady measures the time from when the cluster tells an observer that the pod is
// ready to the URL, beside a kubectl port-forward that is begun then, up to the first answer
// through it.
func clusterReady(b testing.TB, cluster *testenv.KubernetesCluster, c *onCluster) ([]result, error) {
	name := c.Profile().Runtime
	observer := exec.Command(filepath.Join(cluster.Programs(), "kubectl"), "--namespace="+c.namespace, "get", "pods", "--watch", "--selector=app.kubernetes.io/instance="+name,
		`--output=jsonpath={.metadata.uid} {.status.conditions[?(@.type=="Ready")].status}{"\n"}`)
	lines, err := observer.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := observer.Start(); err != nil {
		return nil, err
	}
	defer func() {
		_ = observer.Process.Kill()
		_ = observer.Wait()
	}()
	readyAt := make(chan time.Time, 100)
	go func() {
		last := ""
		for seen := bufio.NewScanner(lines); seen.Scan(); {
			if uid, is := strings.CutSuffix(seen.Text(), " True"); is && uid != last {
				last = uid
				readyAt <- time.Now()
			}
		}
	}()
	var ours, bare []time.Duration
	for range rounds {
		if err := c.Start(b.Context()); err != nil {
			return nil, err
		}
		shown := time.Now()
		select {
		case at := <-readyAt:
			ours = append(ours, shown.Sub(at))
		case <-time.After(time.Minute):
			return nil, errors.New("the observer sees no pod that is ready")
		}
		begun := time.Now()
		f, err := bareForward(cluster, c)
		if err != nil {
			return nil, err
		}
		if err := within(time.Minute, func() error { return asked(f.dial) }); err != nil {
			return nil, err
		}
		bare = append(bare, time.Since(begun))
		f.end()
		if err := c.Stop(b.Context()); err != nil {
			return nil, err
		}
	}
	return []result{{
		"pod ready to the URL", fmt.Sprintf("%s; kubectl port-forward to its first answer: %s", span(ours), ms(median(bare))), "at most 300 ms", median(ours) <= 300*time.Millisecond,
	}}, nil
}

// bareKubectl is a kubectl port-forward by hand.
type bareKubectl struct {
	dial way
	end  func()
}

func bareForward(cluster *testenv.KubernetesCluster, c *onCluster) (bareKubectl, error) {
	cmd := exec.Command(filepath.Join(cluster.Programs(), "kubectl"), "--namespace="+c.namespace, "port-forward", "--address=127.0.0.1", "pod/"+c.Profile().Runtime, ":8888")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return bareKubectl{}, err
	}
	if err := cmd.Start(); err != nil {
		return bareKubectl{}, err
	}
	end := func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	said := bufio.NewReader(out)
	line, _ := said.ReadString('\n')
	found := regexp.MustCompile(`127\.0\.0\.1:([0-9]+)`).FindString(line)
	if found == "" {
		end()
		return bareKubectl{}, fmt.Errorf("kubectl port-forward says %q", line)
	}
	go func() { _, _ = io.Copy(io.Discard, said) }()
	return bareKubectl{func() (net.Conn, error) { return net.Dial("tcp", found) }, end}, nil
}

// asked makes a connection, and waits for Jupyter's answer.
func asked(w way) error {
	conn, err := w()
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	if _, err := conn.Write([]byte("GET /api HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")); err != nil {
		return err
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return err
	}
	return response.Body.Close()
}

// clusterConnections compares new connections to Jupyter at the port of the Backend URL with
// those through a bare kubectl port-forward, and measures how long the way is lost when
// kubectl ends, and when packets vanish while a request waits.
func clusterConnections(b testing.TB, cluster *testenv.KubernetesCluster, c *onCluster) ([]result, error) {
	if err := c.Start(b.Context()); err != nil {
		return nil, err
	}
	f, err := bareForward(cluster, c)
	if err != nil {
		return nil, err
	}
	defer f.end()
	ours := func() (net.Conn, error) { return net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", c.Profile().Port)) }
	took, err := inTurn(200, []way{f.dial, ours}, func(w way) (time.Duration, error) {
		begun := time.Now()
		err := asked(w)
		return time.Since(begun), err
	})
	if err != nil {
		return nil, err
	}
	var killed, silent []time.Duration
	for range rounds {
		pid, err := ourForward()
		if err != nil {
			return nil, err
		}
		begun := time.Now()
		p, err := os.FindProcess(pid)
		if err != nil {
			return nil, err
		}
		if err := p.Kill(); err != nil {
			return nil, err
		}
		if err := within(time.Minute, func() error { return asked(ours) }); err != nil {
			return nil, err
		}
		killed = append(killed, time.Since(begun))
		if pid, err = ourForward(); err != nil {
			return nil, err
		}
		begun = time.Now()
		cluster.Silence(b, pid)
		if err := within(time.Minute, func() error { return asked(ours) }); err != nil {
			return nil, err
		}
		silent = append(silent, time.Since(begun))
	}
	return []result{
		beyond("new connection, up to Jupyter's answer", "kubectl port-forward", took[0], took[1], time.Millisecond),
		{"kubectl killed, usable again", span(killed), "at most 4 s", median(killed) <= 4*time.Second},
		{"packets vanish, usable again with a request waiting", span(silent), "at most 4 s", median(silent) <= 4*time.Second},
	}, nil
}

// ourForward returns the process of the kubectl port-forward that the program has.
func ourForward() (pid int, err error) {
	err = within(time.Minute, func() error {
		files, err := filepath.Glob("/proc/[0-9]*/stat")
		if err != nil {
			return err
		}
		for _, file := range files {
			stat, err := os.ReadFile(file)
			if err != nil {
				continue // it has ended
			}
			line, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "cmdline"))
			_, after, _ := strings.Cut(string(stat), ") ")
			fields := strings.Fields(after)
			// That of the program names the context; the bare one does not.
			if len(fields) > 1 && fields[1] == strconv.Itoa(os.Getpid()) && strings.Contains(string(line), "\x00port-forward\x00") && strings.Contains(string(line), "--context") {
				pid, err = strconv.Atoi(filepath.Base(filepath.Dir(file)))
				return err
			}
		}
		return errors.New("the program has no kubectl port-forward")
	})
	return pid, err
}

// clusterIdle counts what is asked of the API server in a minute in which nobody does
// anything, by the words of the program's kubectl.
func clusterIdle(b testing.TB, cluster *testenv.KubernetesCluster, c *onCluster) ([]result, error) {
	c.end()
	dir := b.TempDir()
	log := filepath.Join(dir, "said")
	wrapper := fmt.Sprintf("#!/bin/sh\necho \"run: $*\" >>%[2]s\nexec %[1]s \"$@\" -v=6 2>>%[2]s\n", filepath.Join(cluster.Programs(), "kubectl"), log)
	if err := os.WriteFile(filepath.Join(dir, "kubectl"), []byte(wrapper), 0o700); err != nil {
		return nil, err
	}
	b.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	again := openOnCluster(dir, c.Profile(), c.namespace)
	defer again.end()
	if _, err := again.until(runtime.Ready); err != nil {
		return nil, err
	}
	time.Sleep(10 * time.Second)
	before, err := os.ReadFile(log)
	if err != nil {
		return nil, err
	}
	const idle = time.Minute
	time.Sleep(idle)
	after, err := os.ReadFile(log)
	if err != nil {
		return nil, err
	}
	count := func(text []byte) (requests int, seen []string) {
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(line, "run: ") || strings.Contains(line, "verb=") || regexp.MustCompile(`(GET|POST|PATCH|DELETE) https://`).MatchString(line) {
				requests++
				seen = append(seen, strings.TrimSpace(line))
			}
		}
		return requests, seen
	}
	begun, _ := count(before)
	asked, seen := count(after[len(before):])
	for _, line := range seen {
		fmt.Fprintln(os.Stderr, "bench: cluster: idle:", line)
	}
	if begun == 0 {
		return nil, errors.New("kubectl does not tell what it asks")
	}
	return []result{{
		"ready and nobody there, for a minute: requests and kubectl commands", fmt.Sprintf("%d (%d to begin with)", asked, begun), "none", asked == 0,
	}}, nil
}
