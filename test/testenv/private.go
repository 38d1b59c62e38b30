package testenv

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Private is a Docker engine for one test, which can stop and start it without effect
// on others. Its containers have a network of their own that leads nowhere else; their
// published ports can be reached on this machine as usual.
type Private struct {
	t      testing.TB
	dir    string
	bridge string
	bip    string
	config string // the engine's daemon.json
	disk   bool   // the data are on a disk of their own

	daemon
}

// PrivateOption is an option of [PrivateEngine].
type PrivateOption func(*Private)

// WithConfig gives the engine a daemon.json.
func WithConfig(json string) PrivateOption { return func(e *Private) { e.config = json } }

// WithDisk puts the engine's data on a disk of size MiB.
func WithDisk(size int) PrivateOption {
	return func(e *Private) {
		if err := smallDisk(filepath.Join(e.dir, "data"), size); err != nil {
			e.t.Fatal(err)
		}
		e.disk = true
	}
}

// smallDisk makes a directory and mounts a new disk of size MiB on it.
func smallDisk(dir string, size int) error {
	if err := os.Mkdir(dir, 0o710); err != nil {
		return err
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", fmt.Sprintf("size=%dm", size), "testenv", dir).CombinedOutput(); err != nil {
		return fmt.Errorf("a small disk could not be mounted: %w: %s", err, out)
	}
	return nil
}

// PrivateEngine starts an engine for one test, which needs root. The engine has only the
// images that were given to Load. It ends with the test, with everything in it.
func PrivateEngine(t testing.TB, options ...PrivateOption) *Private {
	t.Helper()
	Need(t, "root, to start an engine of its own", os.Geteuid() == 0)
	for _, command := range []string{"docker", "dockerd", "ip"} {
		NeedCommand(t, command)
	}

	// The path of a Unix socket is limited to 107 bytes, and that of t.TempDir can be
	// longer.
	dir, err := os.MkdirTemp("/tmp", "env")
	if err != nil {
		t.Fatal(err)
	}
	id := randomHex(4)
	e := &Private{
		t:      t,
		dir:    dir,
		bridge: "test" + id,
		bip:    newSubnet(t) + ".1/24",
		config: "{}",
	}
	AfterDeath(t, `pid=$(cat "$1/pid")
		while [ -n "$pid" ] && kill -0 "$pid"; do sleep 0.1; done
		ip link del "$2"
		umount "$1/data"
		rm -rf "$1"`, e.dir, e.bridge)
	t.Cleanup(e.remove)
	for _, option := range options {
		option(e)
	}
	for _, args := range [][]string{
		{"link", "add", "name", e.bridge, "type", "bridge"},
		{"addr", "add", e.bip, "dev", e.bridge},
		{"link", "set", e.bridge, "up"},
	} {
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			t.Fatalf("ip %s: %v: %s", strings.Join(args, " "), err, out)
		}
	}
	e.Start(t)
	return e
}

// Host returns the engine's address, as in DOCKER_HOST. The address stays the same when
// the engine is started again.
func (e *Private) Host() string { return "unix://" + filepath.Join(e.dir, "docker.sock") }

// Docker runs the docker command against this engine and returns its output. The test
// fails if the command fails.
func (e *Private) Docker(t testing.TB, args ...string) string {
	t.Helper()
	return mustDocker(t, e.Host(), args...)
}

// Load copies an image from the shared engine into this one and returns its reference.
func (e *Private) Load(t testing.TB, image string) string {
	t.Helper()
	return load(t, image, e.Host())
}

// Start starts the engine and waits until it answers.
func (e *Private) Start(t testing.TB) {
	t.Helper()
	// Without this file the engine would read that of the shared engine.
	config := filepath.Join(e.dir, "daemon.json")
	if err := os.WriteFile(config, []byte(e.config), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("dockerd",
		"--host", e.Host(),
		"--data-root", filepath.Join(e.dir, "data"),
		"--exec-root", filepath.Join(e.dir, "exec"),
		"--pidfile", filepath.Join(e.dir, "pid"),
		"--config-file", config,
		"--bridge", e.bridge,
		// All engines use the same names for their chains in the packet filter, so
		// this engine would remove those of the shared one. Published ports go
		// through docker-proxy, which needs no chains.
		"--iptables=false", "--ip-masq=false",
	)
	e.daemon.start(t, cmd, filepath.Join(e.dir, "log"), e.Host())
}

// Stop ends the engine and with it, as always with Docker, its containers. It waits
// until the engine's process is gone.
func (e *Private) Stop(t testing.TB) {
	t.Helper()
	e.daemon.stop(t)
}

func (e *Private) remove() {
	if e.process != nil {
		e.Stop(e.t)
	}
	if e.t.Failed() {
		e.t.Logf("the private engine said:\n%s", e.message())
	}
	exec.Command("ip", "link", "del", e.bridge).Run()
	if e.disk {
		if out, err := exec.Command("umount", filepath.Join(e.dir, "data")).CombinedOutput(); err != nil {
			e.t.Errorf("the small disk stays mounted: %v: %s", err, out)
		}
	}
	if err := os.RemoveAll(e.dir); err != nil {
		e.t.Errorf("the private engine leaves files behind: %v", err)
	}
}
