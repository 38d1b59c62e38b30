//go:build unix

package config

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestPathsFollowTheEnvironment(t *testing.T) {
	for _, name := range []string{"CONFIG_HOME", "STATE_HOME", "RUNTIME_DIR"} {
		t.Setenv("XDG_"+name, "/somewhere/"+name)
	}
	for got, want := range map[string]string{
		File():       "/somewhere/CONFIG_HOME/colab-tray/config.toml",
		StateDir():   "/somewhere/STATE_HOME/colab-tray",
		RuntimeDir(): "/somewhere/RUNTIME_DIR/colab-tray",
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	t.Setenv("XDG_RUNTIME_DIR", "")
	if got := RuntimeDir(); got != "/somewhere/STATE_HOME/colab-tray/run" {
		t.Errorf("without a runtime directory: %s", got)
	}
}

// TestToolDirectories: container tools are found by a program that has the system's own
// directories alone, and the person's order stays.
func TestToolDirectories(t *testing.T) {
	const tools = "/usr/local/bin:/opt/homebrew/bin:/Users/me/.docker/bin:/Applications/Docker.app/Contents/Resources/bin:" +
		"/Users/me/.orbstack/bin:/Users/me/.rd/bin:/opt/podman/bin"
	for path, want := range map[string]string{
		"/usr/bin:/bin:/usr/sbin:/sbin": "/usr/bin:/bin:/usr/sbin:/sbin:" + tools,
		tools:                           tools,
		"/opt/podman/bin:/bin":          "/opt/podman/bin:/bin:" + strings.TrimSuffix(tools, ":/opt/podman/bin"),
	} {
		if got := withToolDirectories(path, "/Users/me"); got != want {
			t.Errorf("%s becomes %s, want %s", path, got, want)
		}
	}
	if got := withToolDirectories("/bin", ""); strings.Contains(got, ":.") {
		t.Errorf("without a home there is %s", got)
	}
}

// TestPathsAskedAtOnce is a test for the race detector: the runtimes of several fleets
// ask for these paths at the same time.
func TestPathsAskedAtOnce(t *testing.T) {
	var asking sync.WaitGroup
	for range 4 {
		asking.Go(func() {
			if File() == "" || StateDir() == "" || len(Directories().SystemConfig) == 0 {
				t.Error("a path is missing")
			}
		})
	}
	asking.Wait()
}

func TestEnsurePrivateDir(t *testing.T) {
	base := t.TempDir()
	fresh := filepath.Join(base, "a", "b")
	open := filepath.Join(base, "open")
	link := filepath.Join(base, "link")
	file := filepath.Join(base, "file")
	for _, err := range []error{os.Mkdir(open, 0o755), os.Symlink(open, link), os.WriteFile(file, nil, 0o600)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{fresh, fresh, open} {
		if err := EnsurePrivateDir(dir); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s has mode %v", dir, info.Mode())
		}
	}
	for _, bad := range []string{link, file} {
		if err := EnsurePrivateDir(bad); err == nil {
			t.Errorf("%s was taken as a private directory", bad)
		}
	}
	if os.Getuid() == 0 {
		if err := os.Chown(fresh, 12345, 12345); err != nil {
			t.Fatal(err)
		}
		if err := EnsurePrivateDir(fresh); err == nil {
			t.Error("somebody else's directory was taken as a private one")
		}
	}
}
