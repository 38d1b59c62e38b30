package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"colabtray/test/bed"
)

// killer stands between the program and the engine. It kills the program at
// one of the requests that change something or carry data: either the engine
// never hears of that one, or it obeys it and nobody is there for the answer.
type killer struct {
	engine *http.Transport
	server http.Server
	host   string

	mu      sync.Mutex
	at      int // the request to kill at, 0 for none
	obeyed  bool
	count   int
	seen    []string
	process *os.Process
	gone    chan struct{} // closed when the program is dead
	serving int           // requests
	served  *sync.Cond
}

func newKiller(t *testing.T) *killer {
	t.Helper()
	socket, is := strings.CutPrefix(bed.Engine(t), "unix://")
	bed.Need(t, "an engine at a Unix socket", is)
	dir, err := os.MkdirTemp("", "kill") // the path of a socket has to be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	listener, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	k := &killer{host: "unix://" + filepath.Join(dir, "s")}
	k.engine = &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}
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

// counts reports whether a request is one to kill at: the others only ask.
func counts(r *http.Request) bool {
	return r.Method != http.MethodGet && r.Method != http.MethodHead || strings.HasSuffix(r.URL.Path, "/archive")
}

func (k *killer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	k.mu.Lock()
	k.serving++
	k.mu.Unlock()
	defer func() {
		k.mu.Lock()
		k.serving--
		k.mu.Unlock()
		k.served.Broadcast()
	}()
	kill, obeyed := false, false
	var process *os.Process
	var gone chan struct{}
	if counts(r) {
		k.mu.Lock()
		k.count++
		k.seen = append(k.seen, r.Method+" "+path.Base(r.URL.Path))
		kill, obeyed = k.count == k.at, k.obeyed
		process, gone = k.process, k.gone
		k.mu.Unlock()
	}
	ctx := r.Context()
	var begin bytes.Buffer
	if kill {
		// What is streamed breaks off in its middle; what is short is complete.
		_, _ = io.CopyN(&begin, r.Body, 64<<10)
		_ = process.Kill()
		<-gone
		if !obeyed {
			return
		}
		ctx = context.Background()
	}
	out := r.Clone(ctx)
	out.RequestURI, out.URL.Scheme, out.URL.Host = "", "http", "engine"
	if out.Body = http.NoBody; r.ContentLength != 0 {
		out.Body = io.NopCloser(io.MultiReader(&begin, r.Body))
	}
	answer, err := k.engine.RoundTrip(out)
	if err != nil {
		if !kill {
			http.Error(w, err.Error(), http.StatusBadGateway)
		}
		return
	}
	defer answer.Body.Close()
	if kill {
		return
	}
	for name, values := range answer.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.StatusCode)
	flush := http.NewResponseController(w)
	_ = flush.Flush()
	buf := make([]byte, 32<<10)
	for {
		n, err := answer.Body.Read(buf)
		if _, failed := w.Write(buf[:n]); failed != nil || err != nil {
			return
		}
		_ = flush.Flush()
	}
}

// run runs a command by way of the killer, and reports whether it was killed.
func (k *killer) run(c *terminal, at int, obeyed bool, args ...string) (killed bool, output string) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), longEnough)
	defer cancel()
	cmd := c.command(ctx, args...)
	cmd.Env = append(cmd.Env, "DOCKER_HOST="+k.host)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	k.mu.Lock()
	k.at, k.obeyed, k.count, k.seen, k.gone = at, obeyed, 0, nil, make(chan struct{})
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

// volume runs a script in the volume of the runtime.
func (c *terminal) volume(script string) string {
	c.t.Helper()
	return bed.Docker(c.t, "run", "--rm", "--network", "none", "--user", "0", "--entrypoint", "sh",
		"--mount", "type=volume,volume-nocopy=true,source="+c.get("COLAB_TRAY_NAME")+"-data,target=/mnt/v", "--workdir", "/mnt/v",
		c.get("COLAB_TRAY_IMAGE"), "-c", script)
}

func (c *terminal) hasVolume() bool {
	return bed.Docker(c.t, "volume", "ls", "-q", "--filter", "name=^"+c.get("COLAB_TRAY_NAME")+"-data$") != ""
}

const (
	oldData = `rm -rf ..?* .[!.]* *; mkdir -p old/empty both .o; head -c 2000000 /dev/urandom > old/data; echo old > both/file; echo o > .o/x; ln -s both link; chown -R 1000:100 .`
	newData = `rm -rf ..?* .[!.]* *; mkdir -p new both; head -c 3000000 /dev/urandom > new/data; echo new > both/file; ln new/data hard; chown -R 1000:100 .`
	// content leaves out what Jupyter writes when it starts.
	content = `find . -mindepth 1 -maxdepth 1 \( -name .local -o -name .jupyter -o -name .ipython -o -name .config -o -name .cache -o -name .npm \) -prune -o \
		-mindepth 1 -printf '%P %y %m %U %l\n' | sort; find old new both .o hard -type f -exec sha256sum {} + 2>/dev/null | sort`
)

// TestKilledAtAnyPoint kills each command that changes data at each request
// of it, runs one ordinary command, and counts.
func TestKilledAtAnyPoint(t *testing.T) {
	c := newTerminal(t, bed.Image(t, bed.Notebook6))
	name := c.get("COLAB_TRAY_NAME")
	k := newKiller(t)
	dir := t.TempDir()
	state := filepath.Join(c.get("XDG_STATE_HOME"), "colab-tray", "backups")

	c.volume(newData)
	after := c.volume(content)
	file := filepath.Join(dir, "new.tar.zst")
	c.run(0, "backup", file)

	for _, test := range []struct {
		name   string
		args   []string
		absent bool // there is neither container nor volume
		// want is what the volume has when it is done.
		want  func(before string) string
		check func(t *testing.T, before string)
	}{
		{
			name: "restore", args: []string{"restore", file, "--yes"},
			want: func(string) string { return after },
		},
		{
			name: "restore into nothing", args: []string{"restore", file, "--yes"}, absent: true,
			want: func(string) string { return after },
		},
		{
			name: "delete", args: []string{"delete", "--data", "--yes"},
			want: func(string) string { return "" },
		},
		{
			name: "backup", args: []string{"backup", filepath.Join(dir, "b"), "--force"},
			want: func(before string) string { return before },
			check: func(t *testing.T, before string) {
				text, err := os.ReadFile(filepath.Join(dir, "b"))
				if err != nil {
					t.Fatal(err)
				}
				if string(text) != "precious" {
					whole(t, filepath.Join(dir, "b"))
				}
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := &terminal{t, c.env}
			counted := map[string]int{}
			for at, last := 1, false; !last; at++ {
				for _, obeyed := range []bool{false, true} {
					bed.Docker(t, "rm", "-f", "-v", name)
					bed.Docker(t, "volume", "rm", "-f", name+"-data")
					before := ""
					if !test.absent {
						before = c.volume(oldData + "; " + content)
						bed.Docker(t, "create", "--name", name, "--label", "dev.colabtray.runtime="+name, "-v", name+"-data:/home/jovyan",
							"-p", "127.0.0.1:"+c.get("COLAB_TRAY_PORT")+":8888", c.get("COLAB_TRAY_IMAGE"), "start-notebook.sh")
					}
					if err := os.WriteFile(filepath.Join(dir, "b"), []byte("precious"), 0o600); err != nil {
						t.Fatal(err)
					}
					killed, output := k.run(c, at, obeyed, test.args...)
					point := fmt.Sprintf("killed at %d of %v (obeyed: %v)", at, k.seen, obeyed)
					last = last || !killed

					command := []string{"backup", filepath.Join(dir, fmt.Sprintf("next-%s-%d-%v", test.name, at, obeyed))}
					if test.name == "restore" && obeyed && at%2 == 0 {
						command = []string{"start"}
					}
					_, next := k.run(c, 0, false, command...)
					got := ""
					if c.hasVolume() {
						got = c.volume(content)
					}
					switch got {
					case test.want(before):
						counted["new"]++
					case before:
						counted["old"]++
						if !killed {
							t.Fatalf("it was not killed, and did nothing: %s", output)
						}
					default:
						t.Errorf("%s: the volume has\n%s\nbefore\n%s\nit said: %s\nthe next one said: %s", point, got, before, output, next)
					}
					if helpers := bed.Docker(t, "ps", "-aq", "--filter", "label=dev.colabtray.helper="+name); helpers != "" {
						t.Errorf("%s: helpers are left: %s", point, helpers)
						bed.Docker(t, append([]string{"rm", "-f"}, strings.Fields(helpers)...)...)
					}
					if parts, _ := filepath.Glob(filepath.Join(state, ".*.part")); parts != nil {
						t.Errorf("%s: unfinished files are left: %v", point, parts)
					}
					backups, _ := filepath.Glob(filepath.Join(state, "*.tar.zst"))
					for _, b := range backups {
						whole(t, b)
						_ = os.Remove(b)
					}
					if test.name == "delete" && got == "" && len(backups) == 0 {
						t.Errorf("%s: the data are gone, and there is no backup", point)
					}
					if test.check != nil {
						test.check(t, before)
					}
				}
			}
			t.Logf("%s: %v", test.name, counted)
			if test.name != "backup" && (counted["new"] < 2 || counted["old"] < 2) {
				t.Errorf("the points are not those meant: %v", counted)
			}
		})
	}
}

// whole asserts that a backup can be read to its end by other programs.
func whole(t *testing.T, file string) {
	t.Helper()
	bed.NeedCommand(t, "zstd")
	if out, err := exec.Command("sh", "-c", `zstd -dc "$1" | tar -t >/dev/null && zstd -qt "$1"`, "sh", file).CombinedOutput(); err != nil {
		t.Errorf("%s: %v: %s", file, err, out)
	}
}

// TestKilledWhileMadeAnew kills a restart that applies other settings at each of
// its requests. To be killed before a request is the same as after the one
// before. One ordinary start later the runtime is ready with the old settings or
// the new ones, and its data are there; after one restart nothing else of it is.
func TestKilledWhileMadeAnew(t *testing.T) {
	t.Parallel()
	c := newTerminal(t, bed.Image(t, bed.Server2))
	name, port := c.get("COLAB_TRAY_NAME"), bed.FreePort(t)
	k := newKiller(t)
	counted := map[string]int{}
	for at, last := 1, false; !last; at++ {
		bed.Docker(t, "rm", "-f", name)
		c.run(0, "start")
		bed.Docker(t, "exec", name, "sh", "-c", "echo kept > ~/work.ipynb")
		killed, output := k.run(c, at, true, "restart", "--port", fmt.Sprint(port))
		last = !killed
		point := fmt.Sprintf("killed at %d of %v", at, k.seen)

		_, next := k.run(c, 0, false, "start", "--port", fmt.Sprint(port))
		switch published := bed.Docker(t, "inspect", "--format", "{{range .HostConfig.PortBindings}}{{range .}}{{.HostPort}}{{end}}{{end}}", name); {
		case published == fmt.Sprint(port):
			counted["new"]++
		case published == c.get("COLAB_TRAY_PORT") && killed:
			counted["old"]++
		default:
			t.Errorf("%s: published at %q; it said: %s", point, published, output)
		}
		if !strings.Contains(next, "/?token=") {
			t.Errorf("%s: it did not start: %s", point, next)
		}
		if text := bed.Docker(t, "exec", name, "cat", "/home/jovyan/work.ipynb"); text != "kept" {
			t.Errorf("%s: the notebook has become %q", point, text)
		}
		c.run(0, "restart", "--port", fmt.Sprint(port))
		if names := bed.Docker(t, "ps", "-a", "--filter", "label=dev.colabtray.runtime="+name, "--format", "{{.Names}}"); names != name {
			t.Errorf("%s: its containers are %q", point, names)
		}
	}
	t.Logf("%v", counted)
	if counted["new"] < 3 || counted["old"] < 3 {
		t.Errorf("the points are not those meant: %v", counted)
	}
}
