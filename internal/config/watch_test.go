package config

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// watched is a settings file and the watch on it.
type watched struct {
	*testing.T
	path    string
	changes <-chan Change
}

func watch(t *testing.T, path string) *watched {
	t.Helper()
	return &watched{T: t, path: path, changes: Watch(t.Context(), Sources{File: path, Env: env()})}
}

// wait receives changes until one satisfies the condition.
func (w *watched) wait(what string, is func(Change) bool) {
	w.Helper()
	var last Change
	for {
		select {
		case c, open := <-w.changes:
			if !open {
				w.Fatalf("waiting for %s: the channel is closed", what)
			}
			if last = c; is(c) {
				return
			}
		case <-time.After(time.Minute):
			w.Fatalf("waiting for %s: got %+v", what, last)
		}
	}
}

// port waits until the chosen profile has a port.
func (w *watched) port(port int) {
	w.Helper()
	w.wait(fmt.Sprintf("port %d", port), func(c Change) bool { return c.Err == nil && c.Settings.Profile.Port == port })
}

// broken waits for an error that contains a text.
func (w *watched) broken(short string) {
	w.Helper()
	w.wait(short, func(c Change) bool {
		return c.Err != nil && c.Settings.Equal(Settings{}) && strings.Contains(c.Err.Error(), short)
	})
}

func withPort(port int) string { return fmt.Sprintf("[profiles.jupyter]\nport = %d\n", port) }

// must fails the test if a step fails.
func (w *watched) must(errs ...error) {
	w.Helper()
	for _, err := range errs {
		if err != nil {
			w.Fatal(err)
		}
	}
}

// write overwrites a file in place, as `cat >` does.
func (w *watched) write(path, text string) {
	w.Helper()
	w.must(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600))
}

// replace writes a new file and renames it over the old one, as editors do.
func (w *watched) replace(path, text string) {
	w.Helper()
	w.write(path+".new", text)
	w.must(os.Rename(path+".new", path))
}

func TestWatch(t *testing.T) {
	w := watch(t, write(t, withPort(1)))
	w.port(1)
	w.write(w.path, withPort(2))
	w.port(2)
	w.replace(w.path, withPort(3))
	w.port(3)
	w.replace(w.path, withPort(4))
	w.port(4)
	w.must(Set(w.path, []string{"profiles", "jupyter", "port"}, 5))
	w.port(5)

	w.write(w.path, "[profiles.jupyter]\nport = 0\n")
	w.broken(":2: profiles.jupyter.port: 0 is out of range")
	w.replace(w.path, "port")
	w.broken(":1: ")
	w.write(w.path, withPort(5)) // the same content again
	w.port(5)

	if runtime.GOOS != "windows" {
		dir := filepath.Dir(w.path)
		for path, mode := range map[string]os.FileMode{w.path: 0o600, dir: 0o700} {
			w.must(os.Chmod(path, 0o777))
			w.broken("others than you can change")
			w.must(os.Chmod(path, mode))
			w.port(5)
		}
	}

	w.must(os.Remove(w.path))
	w.port(DefaultPort)
	w.write(w.path, withPort(6))
	w.port(6)
	w.must(os.Rename(w.path, w.path+"~"))
	w.port(DefaultPort)
	w.must(os.Rename(w.path+"~", w.path))
	w.port(6)
}

func TestWatchDirectoriesThatComeAndGo(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "a", "b", "c")
	w := watch(t, filepath.Join(dir, "config.toml"))
	w.port(DefaultPort)
	for port := 1; port < 5; port++ {
		w.write(w.path, withPort(port))
		w.port(port)
		w.replace(w.path, withPort(100+port))
		w.port(100 + port)
		if port%2 == 0 {
			w.must(os.RemoveAll(filepath.Join(top, "a")))
		} else {
			w.must(os.Rename(dir, filepath.Join(top, fmt.Sprint("gone", port))))
		}
		w.port(DefaultPort)
	}
	w.write(filepath.Join(top, "other", "config.toml"), withPort(5))
	w.must(os.MkdirAll(filepath.Dir(dir), 0o700), os.Rename(filepath.Join(top, "other"), dir))
	w.port(5)
}

func TestWatchLinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("not everybody can make links on Windows")
	}
	top := t.TempDir()
	in := func(parts ...string) string { return filepath.Join(append([]string{top}, parts...)...) }
	w := &watched{T: t}
	w.write(in("one", "real.toml"), withPort(1))
	w.write(in("two", "real.toml"), withPort(2))
	w.must(os.Mkdir(in("config"), 0o700), os.Symlink(in("one"), in("link")), os.Symlink("../link/real.toml", in("config", "config.toml")))
	w = watch(t, in("config", "config.toml"))
	w.port(1)
	w.write(in("one", "real.toml"), withPort(3)) // the last target of the links
	w.port(3)
	w.must(os.Symlink("two", in("new")), os.Rename(in("new"), in("link"))) // a directory in the middle
	w.port(2)
	w.replace(in("two", "real.toml"), withPort(4))
	w.port(4)
	w.must(os.Remove(in("config", "config.toml"))) // the link itself
	w.port(DefaultPort)
	w.must(os.Symlink(in("one", "real.toml"), in("config", "config.toml")))
	w.port(3)
	w.must(os.Remove(in("one", "real.toml"))) // a link without a target
	w.port(DefaultPort)
	w.write(in("one", "real.toml"), withPort(5))
	w.port(5)
	w.must(os.Remove(in("config", "config.toml")), os.Symlink("config.toml", in("config", "config.toml"))) // a link to itself
	w.broken("it cannot be read")
}

func TestWatchEnvFiles(t *testing.T) {
	top := t.TempDir()
	file := filepath.Join(top, "secrets", "my.env")
	value := func(want string) func(Change) bool {
		return func(c Change) bool {
			env := c.Settings.Profile.Env
			return c.Err == nil && len(env) == 1 && env[0].Value.Reveal() == want
		}
	}
	w := watch(t, filepath.Join(top, "config.toml"))
	w.port(DefaultPort)
	w.write(w.path, "[profiles.jupyter]\nenv_file = 'secrets/my.env'")
	w.broken("my.env\" cannot be read")
	w.write(file, "A=1")
	w.wait("1", value("1"))
	w.replace(file, "A=2")
	w.wait("2", value("2"))
	w.write(file, "=")
	w.broken("line 1 of")
	w.write(file, "A=2")
	w.wait("2 again", value("2"))
	w.must(os.RemoveAll(filepath.Dir(file)))
	w.broken("my.env\" cannot be read")
	w.write(w.path, withPort(1))
	w.port(1)
}

// TestWatchGivesTheNewest: a slow receiver misses old changes, and no change is sent
// twice.
func TestWatchGivesTheNewest(t *testing.T) {
	w := &fileWatcher{out: make(chan Change, 1)}
	with := func(port int) Change { return Change{Settings: Settings{Profile: Profile{Port: port}}} }
	broken := func(line int) Change { return Change{Err: &Error{Line: line}} }
	for _, c := range []Change{with(1), broken(2), with(3), with(3)} {
		w.publish(c)
	}
	if got := <-w.out; got.Settings.Profile.Port != 3 {
		t.Errorf("got %+v", got)
	}
	w.publish(with(3))
	select {
	case got := <-w.out:
		t.Errorf("told again: %+v", got)
	default:
	}
	w.publish(broken(4))
	if got := <-w.out; got.Err == nil || got.Err.Line != 4 {
		t.Errorf("got %+v", got)
	}
	w.publish(broken(4))
	w.publish(with(3)) // equal to the previous change
	if got := <-w.out; got.Settings.Profile.Port != 3 {
		t.Errorf("got %+v", got)
	}
}

// TestWatchEnds: the channel is closed when the context ends, whether or not somebody
// receives from it.
func TestWatchEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	changes := Watch(ctx, Sources{File: write(t, withPort(1))})
	none := Watch(ctx, Sources{})
	if c := <-none; !c.Settings.Profile.Equal(Default()) {
		t.Errorf("without a file: %+v", c)
	}
	cancel()
	for range none {
		t.Error("a change of nothing")
	}
	for c := range changes {
		if c.Settings.Profile.Port != 1 {
			t.Errorf("got %+v", c)
		}
	}
}

// TestRevisions tells of each change of the text, also where the settings stay.
func TestRevisions(t *testing.T) {
	path := write(t, "# one\n")
	ctx, cancel := context.WithCancel(t.Context())
	revisions := Revisions(ctx, path)
	first := <-revisions
	if want := (Editor{File: path}).Form("jupyter").Revision; first != want {
		t.Errorf("the revision is %s, not %s", first, want)
	}
	if err := os.WriteFile(path, []byte("# two\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for next := range revisions {
		if next == (Editor{File: path}).Form("jupyter").Revision {
			break
		}
	}
	cancel()
	for range revisions {
	}
}
