package docker_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/engine/docker"
	"colabtray/internal/engine/enginetest"
	"colabtray/internal/problem"
	"colabtray/test/testenv"
)

// startBox starts a box and puts the ssh that knows it first in PATH.
func startBox(t *testing.T) *testenv.Box {
	t.Helper()
	box := testenv.SSHD(t)
	t.Setenv("PATH", filepath.Dir(box.Program())+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	return box
}

// addressOf is the address of an engine of this computer as one on the box.
func addressOf(box *testenv.Box, host string) string {
	return box.Address() + strings.TrimPrefix(host, "unix://")
}

// TestContractOverSSH holds that an engine on a box behaves as one here. All of the
// suite goes through one connection. With CI set Podman is tried, too.
func TestContractOverSSH(t *testing.T) {
	testenv.Takes(t, "it runs containers on a real engine")
	box := startBox(t)
	try := func(host, image string, name func(testing.TB) string) func(*testing.T) {
		return func(t *testing.T) {
			e := connected(t, addressOf(box, host))
			enginetest.Run(t, func(t *testing.T) enginetest.Site { return site(t, e, host, image, name) })
		}
	}
	t.Run("docker", try(testenv.Engine(t), testenv.Image(t, testenv.Server2), testenv.RuntimeName))
	if testenv.Full() {
		podman := testenv.Podman(t)
		t.Run("podman", try(podman.Host(), podman.Image(t, testenv.Server2), podman.RuntimeName))
	}
}

// TestBox: an engine on a box is told from one here, its socket is found, and what ssh
// and the box refuse is told by its cause.
func TestBox(t *testing.T) {
	host := testenv.Engine(t)
	box := startBox(t)
	e := connected(t, addressOf(box, host))
	info := e.Which()
	if info.Local || !info.Forwarded || info.Machine != box.Name || info.Command != "docker --host "+addressOf(box, host) {
		t.Errorf("the engine is %+v", info)
	}
	if up, since := e.ConnectionStatus(); !up || since.IsZero() {
		t.Errorf("the connection stands: %t, since %v", up, since)
	}

	// What is asked there is asked by the account that logs in, and its words are data.
	if out, err := e.RunThere(t.Context(), "printf", "%s|", "a b", "$(id)", "'"); out != "a b|$(id)|'|" || err != nil {
		t.Errorf("there it says %q, %v", out, err)
	}

	// Eight requests at once go through the one login.
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := e.Inspect(t.Context(), "no-such-container"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	oneConnection(t, box)

	// The connection ends: the stream of events, too, and the next request has another one.
	opened, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- e.Watch(t.Context(), []string{"x"}, func() { close(opened) }, func(engine.Event) {}) }()
	<-opened
	box.Kill(t)
	if err := <-ended; err == nil {
		t.Error("the stream of events ends without an error")
	}
	if _, err := e.Connect(t.Context()); err != nil {
		t.Errorf("after the connection was lost: %v", err)
	}

	// Nothing comes any more, and nobody says so: whoever waits for an answer notices.
	box.Silence(t)
	began := time.Now()
	if _, err := e.Inspect(t.Context(), "no-such-container"); err != nil {
		t.Errorf("after the connection fell silent: %v", err)
	}
	t.Logf("silence was noticed and repaired after %v", time.Since(began))
	if err := e.Close(); err != nil {
		t.Error(err)
	}

	fails := func(address string, want problem.Code) {
		t.Helper()
		e, err := docker.New(address)
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		var p *problem.Problem
		if _, err := e.Connect(t.Context()); !errors.As(err, &p) || p.Code != want {
			t.Errorf("the error is %v, not %s", err, want)
		}
	}
	fails(box.Address()+"/nowhere/docker.sock", problem.NoEngineThere)
	box.Deny(t)
	fails(addressOf(box, host), problem.SSHLogin)
	box.Authorize(t)
	box.Forget(t)
	fails(addressOf(box, host), problem.SSHHostUnknown)
	box.Shutdown(t)
	fails(addressOf(box, host), problem.SSHUnreachable)
}

// oneConnection waits until there is one connection to the box. A busy machine can lose one,
// and still have what is left of it.
func oneConnection(t *testing.T, box *testenv.Box) {
	t.Helper()
	testenv.WaitFor(t, "one connection to the box", func() error {
		if n := box.Connections(); n != 1 {
			return fmt.Errorf("there are %d", n)
		}
		return nil
	})
}

// TestBoxOneLogin: engines at two sockets of one box share a login, which outlives the
// first of them.
func TestBoxOneLogin(t *testing.T) {
	host := testenv.Engine(t)
	other := filepath.Join(t.TempDir(), "other.sock")
	if err := os.Symlink(strings.TrimPrefix(host, "unix://"), other); err != nil {
		t.Fatal(err)
	}
	box := startBox(t)
	one, two := connected(t, addressOf(box, host)), connected(t, box.Address()+other)
	oneConnection(t, box)
	if err := one.Close(); err != nil {
		t.Error(err)
	}
	if _, err := two.Connect(t.Context()); err != nil {
		t.Errorf("without the first engine: %v", err)
	}
}

// TestBoxFindsSocket: an address without a path leads to the usual socket, or to the one
// that the box's docker command uses.
func TestBoxFindsSocket(t *testing.T) {
	host := testenv.Engine(t)
	socket := strings.TrimPrefix(host, "unix://")
	dir := t.TempDir()
	rootless := filepath.Join(dir, "docker.sock")
	if err := os.Symlink(socket, rootless); err != nil {
		t.Fatal(err)
	}
	box := startBox(t)
	e := connected(t, box.Address())
	if info := e.Which(); info.Host != box.Address() {
		t.Errorf("the engine is %+v", info)
	}
	box.Set(t, "SetEnv", "XDG_RUNTIME_DIR="+dir)
	if found, err := docker.SocketsOf(t.Context(), box.Address()); err != nil || !slices.Contains(found, rootless) {
		t.Errorf("the box tells of %q, %v", found, err)
	}
}

// TestBoxFolders: what the account on the box knows of folders is told before a container
// has them. Root's engine may use what the account may not see.
func TestBoxFolders(t *testing.T) {
	box := startBox(t)
	dir := t.TempDir()
	strange := filepath.Join(dir, "it's $(touch x) a; \\ folder")
	if err := os.Mkdir(strange, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		folder string
		want   error
	}{{dir, nil}, {strange, nil}, {filepath.Join(dir, "none", "at", "all"), engine.ErrNoFolder}, {strange + "'", engine.ErrNoFolder}} {
		folders := []config.Folder{{Host: dir, Path: "/a"}, {Host: test.folder, Path: "/b"}}
		if err := docker.CheckFoldersOf(t.Context(), box.Address(), folders, engine.Kind{}); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, not %v", test.folder, err, test.want)
		}
	}
}
