package main

import (
	"bytes"
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"iter"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"colabtray/test/testenv"
)

// killProxy stands between the program and the engine. It kills the program at
// one of the requests that change something, or that are the first after the program
// has changed something of its own: either the engine never hears of that one, or it
// obeys it and nobody is there for the answer.
type killProxy struct {
	engine *http.Transport
	proxy  *httputil.ReverseProxy
	server http.Server
	host   string

	// pulled, where it is set, does what a pull would: no registry is asked.
	pulled func()

	mu      sync.Mutex
	at      int // the request to kill at, 0 for none
	allowed bool
	count   int
	seen    []string // each with the reads after it
	own     []string // the directories that the program writes to
	written uint64   // their state at the last request that was looked at
	process *os.Process
	gone    chan struct{} // closed when the program is dead
	serving int           // requests
	served  *sync.Cond
}

func newKiller(t *testing.T, engine string) *killProxy {
	t.Helper()
	socket, is := strings.CutPrefix(engine, "unix://")
	testenv.Need(t, "an engine at a Unix socket", is)
	dir, err := os.MkdirTemp("", "kill") // the path of a socket has to be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	listener, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	k := &killProxy{host: "unix://" + filepath.Join(dir, "s")}
	k.engine = &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}
	k.proxy = &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.Out.URL.Scheme, r.Out.URL.Host = "http", "engine" },
		Transport:     k.engine,
		FlushInterval: -1,
		ErrorLog:      slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo),
	}
	k.server.Handler, k.served = k, sync.NewCond(&k.mu)
	served := make(chan struct{})
	go func() {
		_ = k.server.Serve(listener)
		close(served)
	}()
	t.Cleanup(func() {
		_ = k.server.Close()
		<-served
		k.engine.CloseIdleConnections()
	})
	return k
}

// changes reports whether a request changes something: the others only ask.
func changes(r *http.Request) bool {
	return r.Method != http.MethodGet && r.Method != http.MethodHead && !strings.HasSuffix(r.URL.Path, "/wait")
}

// brings reports whether a request is a read that brings the program data.
func brings(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/archive")
}

// counts reports whether a request is one to kill at. To be killed at a read leaves
// behind the same as at the request before, unless the program has written in between.
func (k *killProxy) counts(r *http.Request) bool {
	before := k.written
	k.written = stateOf(k.own)
	if changes(r) || k.written != before {
		return true
	}
	if len(k.seen) > 0 {
		k.seen[len(k.seen)-1] += ", " + wordsOf(r)
	}
	return false
}

func wordsOf(r *http.Request) string { return r.Method + " " + path.Base(r.URL.Path) }

// stateOf is another number whenever a file in the directories is another one.
func stateOf(directories []string) uint64 {
	state := fnv.New64a()
	for _, dir := range directories {
		_ = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			if err == nil {
				info, infoErr := entry.Info()
				if err = infoErr; err == nil {
					_, _ = fmt.Fprintln(state, path, info.Mode(), info.Size(), info.ModTime().UnixNano())
				}
			}
			if err != nil {
				_, _ = fmt.Fprintln(state, path, err)
			}
			return nil
		})
	}
	return state.Sum64()
}

func (k *killProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	k.mu.Lock()
	k.serving++
	k.mu.Unlock()
	defer func() {
		k.mu.Lock()
		k.serving--
		k.mu.Unlock()
		k.served.Broadcast()
	}()
	kill, allowed := false, false
	var process *os.Process
	var gone chan struct{}
	if changes(r) || brings(r) {
		k.mu.Lock()
		if k.counts(r) {
			k.count++
			k.seen = append(k.seen, wordsOf(r))
			kill, allowed = k.count == k.at, k.allowed
			process, gone = k.process, k.gone
		}
		k.mu.Unlock()
	}
	pulls := k.pulled != nil && strings.HasSuffix(r.URL.Path, "/images/create")
	if !kill {
		if pulls {
			k.pulled()
			return
		}
		if changes(r) { // the engine goes on with it when the program is killed at another one
			r = r.WithContext(context.WithoutCancel(r.Context()))
		}
		k.proxy.ServeHTTP(w, r)
		return
	}
	// What is streamed breaks off in its middle; what is short is complete.
	var begin bytes.Buffer
	_, _ = io.CopyN(&begin, r.Body, 64<<10)
	_ = process.Kill()
	<-gone
	if !allowed {
		return
	}
	if pulls {
		k.pulled()
		return
	}
	out := r.Clone(context.Background())
	out.RequestURI, out.URL.Scheme, out.URL.Host = "", "http", "engine"
	if out.Body = http.NoBody; r.ContentLength != 0 {
		out.Body = io.NopCloser(io.MultiReader(&begin, r.Body))
	}
	if answer, err := k.engine.RoundTrip(out); err == nil {
		_ = answer.Body.Close()
	}
}

// seed is what the points to kill at depend on where not all are tried. A failed
// test logs it, and runs again with the same points when it gets it.
var seed = sync.OnceValues(func() (uint64, error) {
	if text := os.Getenv("COLAB_TRAY_TEST_SEED"); text != "" {
		return strconv.ParseUint(text, 10, 64)
	}
	return rand.Uint64(), nil
})

// killStride is how many requests there are between two kills: unless CI is set there
// is one at every third request, or so, anywhere at first, as seed and the test's name
// have it.
func killStride(t *testing.T, every int) (first, step int) {
	t.Helper()
	if testenv.Full() {
		return 1, 1
	}
	seed, err := seed()
	if err != nil {
		t.Fatal(err)
	}
	name := fnv.New64a()
	_, _ = name.Write([]byte(t.Name()))
	first = 1 + rand.New(rand.NewPCG(seed, name.Sum64())).IntN(every)
	t.Logf("without CI, it is killed at one of %d requests, from number %d on; COLAB_TRAY_TEST_SEED=%d does so again", every, first, seed)
	return first, every
}

// least is how many kills of a kind there are to be at least; unless CI is set, one.
func least(many int) int {
	if testenv.Full() {
		return many
	}
	return 1
}

// points are the ways to kill a command, one after the other. To be killed
// before a request is the same as after the one before, unless that one brought
// data, of which the program makes a file: an archive, or the output of a helper
// that was started. There are more points than the command has requests: who
// ranges ends with the one where it was not killed. Without CI it is killed at one of
// every so many requests.
func (k *killProxy) points(t *testing.T, every int) iter.Seq2[int, bool] {
	return func(yield func(at int, allowed bool) bool) {
		k.seen = nil
		brought := func(at int) bool {
			return at < len(k.seen) && (strings.HasSuffix(k.seen[at], " archive") || strings.HasSuffix(k.seen[at], " start"))
		}
		for at, step := killStride(t, every); ; at += step {
			if (at == 1 || brought(at-2)) && !yield(at, false) {
				return
			}
			if !yield(at, true) {
				return
			}
		}
	}
}

// run runs a command by way of the killer, and reports whether it was killed.
func (k *killProxy) run(c *terminal, at int, allowed bool, args ...string) (killed bool, output string) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), longEnough)
	defer cancel()
	cmd := c.command(ctx, args...)
	cmd.Env = append(cmd.Env, "DOCKER_HOST="+k.host)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	k.mu.Lock()
	k.at, k.allowed, k.count, k.seen, k.gone = at, allowed, 0, nil, make(chan struct{})
	k.own = []string{c.get("HOME")}
	for _, arg := range args {
		if filepath.IsAbs(arg) {
			k.own = append(k.own, filepath.Dir(arg))
		}
	}
	k.written = stateOf(k.own)
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	k.process = cmd.Process
	k.mu.Unlock()
	_ = cmd.Wait()
	close(k.gone)
	if ctx.Err() != nil {
		c.t.Fatalf("%v took too long: %s", args, &out)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for k.serving > 0 { // what the engine obeys goes on
		k.served.Wait()
	}
	return at > 0 && k.count >= at, out.String()
}
