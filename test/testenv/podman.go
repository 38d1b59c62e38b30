package testenv

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// PodmanEngine is a Podman that serves Docker's API, with storage and a network of its
// own. All tests of a package share it: without the store that test/images/podman
// makes, it takes a while to load an image. As always with Podman, containers go on
// when the service stops.
type PodmanEngine struct {
	dir    string
	bridge string
	subnet string

	account *account // the owner; nil for root

	mu     sync.Mutex
	loaded map[string]bool
	daemon
}

// podmanStore has the test images, if test/images/podman has made it. Any number of
// engines can read it.
const podmanStore = "/var/lib/colab-tray-test/podman"

// networkLock keeps Podmans from setting up networks at the same time: all use the
// same chains in the machine's packet filter.
const networkLock = "/run/lock/colab-tray-test-netavark"

var podman struct {
	mu     sync.Mutex
	engine *PodmanEngine
}

// Podman returns the Podman that the tests of this package share. The first call starts
// it, which needs root. The package must call [End] after its tests.
func Podman(t testing.TB) *PodmanEngine {
	t.Helper()
	needPodman(t)
	podman.mu.Lock()
	defer podman.mu.Unlock()
	if podman.engine == nil {
		podman.engine = newPodman(t)
		podman.engine.begin(t)
	}
	return podman.engine
}

// PodmanWithDisk starts a Podman for one test, with its data on a disk of size MiB. It
// ends with the test.
func PodmanWithDisk(t testing.TB, size int) *PodmanEngine {
	t.Helper()
	needPodman(t)
	e := newPodman(t)
	t.Cleanup(func() {
		if err := e.remove(); err != nil {
			t.Errorf("Podman leaves something behind: %v", err)
		}
	})
	if err := smallDisk(e.root(), size); err != nil {
		t.Fatal(err)
	}
	e.begin(t)
	return e
}

// needRootlessPodman needs a Podman and what it needs to be without root, and returns the
// ordinary user that test/setup makes.
func needRootlessPodman(t testing.TB) *account {
	t.Helper()
	needPodman(t)
	for _, command := range []string{"setpriv", "newuidmap", "slirp4netns"} {
		NeedCommand(t, command)
	}
	who := findAccount()
	Need(t, "the user "+accountName, who != nil)
	return who
}

// RootlessPodman starts a Podman of the ordinary user that test/setup makes. It has no
// images at first, and ends with the test.
func RootlessPodman(t testing.TB) *PodmanEngine {
	t.Helper()
	who := needRootlessPodman(t)
	e := newPodman(t)
	e.account = who
	t.Cleanup(func() {
		if err := e.remove(); err != nil {
			t.Errorf("Podman leaves something behind: %v", err)
		}
	})
	e.begin(t)
	return e
}

func needPodman(t testing.TB) {
	t.Helper()
	Need(t, "root, to start Podman", os.Geteuid() == 0)
	for _, command := range []string{"docker", "podman", "ip", "runc"} {
		NeedCommand(t, command)
	}
}

func newPodman(t testing.TB) *PodmanEngine {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "env") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	return &PodmanEngine{
		dir:    dir,
		bridge: "test" + randomHex(4),
		subnet: newSubnet(t),
		loaded: map[string]bool{},
	}
}

// begin configures the engine and starts it for the first time.
func (e *PodmanEngine) begin(t testing.TB) {
	t.Helper()
	err := e.configure()
	if e.account != nil {
		err = errors.Join(err, e.account.chown(e.dir))
	}
	if err != nil {
		t.Fatal(err)
	}
	e.Start(t)
}

// root is the directory with the engine's data.
func (e *PodmanEngine) root() string { return filepath.Join(e.dir, "root") }

// podmanSettings are of all Podmans. They use runc, which also supports cgroups v1, and
// lower limits than Podman's defaults, which a sandbox may not allow.
const podmanSettings = `[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
`

// configure writes Podman's configuration, independent of the machine's own. Registries on
// this machine use plain HTTP, which Docker assumes by itself.
func (e *PodmanEngine) configure() error {
	const bridge = `{"name": "podman", "id": "2f259bab93aaaaa2542ba43ef33eb990d0999ee1b9924b557b7be53c0b7a1bb9",
"driver": "bridge", "network_interface": "%[1]s", "subnets": [{"subnet": "%[2]s.0/24", "gateway": "%[2]s.1"}],
"ipv6_enabled": false, "internal": false, "dns_enabled": false, "ipam_options": {"driver": "host-local"}}`
	const network = `[network]
network_backend = "netavark"
network_config_dir = "%s"
`
	const registries = `[[registry]]
location = "127.0.0.1"
insecure = true
`
	err := os.WriteFile(filepath.Join(e.dir, "registries.conf"), []byte(registries), 0o600)
	text := podmanSettings
	if e.account == nil { // a rootless Podman has a network without a bridge
		networks := filepath.Join(e.dir, "networks")
		text += fmt.Sprintf(network, networks)
		err = errors.Join(err,
			os.Mkdir(networks, 0o700),
			os.Symlink(networkLock, filepath.Join(networks, "netavark.lock")),
			os.WriteFile(filepath.Join(networks, "podman.json"), fmt.Appendf(nil, bridge, e.bridge, e.subnet), 0o600))
	}
	return errors.Join(err,
		os.WriteFile(filepath.Join(e.dir, "containers.conf"), []byte(text), 0o600),
		os.Mkdir(e.programs(), 0o755),
		os.WriteFile(filepath.Join(e.programs(), "dpkg-query"), []byte("#!/bin/sh\nexit 1\n"), 0o755))
}

// programs is the directory with a dpkg-query that knows nothing. Podman asks it for
// the packages of runc and others whenever it is asked what it is, which takes longer
// than all the rest of the answer.
func (e *PodmanEngine) programs() string { return filepath.Join(e.dir, "programs") }

// Host returns the address of the service, as in DOCKER_HOST.
func (e *PodmanEngine) Host() string { return "unix://" + filepath.Join(e.dir, "podman.sock") }

// Start starts the service and waits until the service answers.
func (e *PodmanEngine) Start(t testing.TB) {
	t.Helper()
	args := []string{
		"--root", e.root(), "--runroot", filepath.Join(e.dir, "run"), "--tmpdir", filepath.Join(e.dir, "tmp"),
	}
	if e.account != nil {
		args = append(args, "--storage-driver", "overlay")
	} else if _, err := os.Stat(podmanStore); err == nil {
		args = append(args, "--storage-driver", "overlay", "--storage-opt", "overlay.imagestore="+podmanStore)
	}
	cmd := exec.Command("podman", append(args, "system", "service", "--time=0", e.Host())...)
	if e.account != nil {
		cmd = e.account.command(cmd)
	}
	// Podman starts itself anew for each container and each exec that ends.
	cmd.Env = append(os.Environ(), "GOGC=400", "PATH="+e.programs()+":"+os.Getenv("PATH"), "CONTAINERS_CONF="+filepath.Join(e.dir, "containers.conf"),
		"CONTAINERS_REGISTRIES_CONF="+filepath.Join(e.dir, "registries.conf"))
	if e.account != nil {
		cmd.Env = append(cmd.Env, "HOME="+e.dir, "XDG_RUNTIME_DIR="+e.dir,
			"DBUS_SESSION_BUS_ADDRESS=unix:path="+filepath.Join(e.dir, "no-bus")) // else one is launched
	}
	e.daemon.start(t, cmd, filepath.Join(e.dir, "log"), e.Host())
}

// Stop ends the service and waits until its process is gone. Containers go on.
func (e *PodmanEngine) Stop(t testing.TB) {
	t.Helper()
	e.daemon.stop(t)
}

// Kill is Stop by kill -9.
func (e *PodmanEngine) Kill(t testing.TB) {
	t.Helper()
	e.daemon.kill(t)
}

// Image returns the reference of a test image in this engine, and loads the image first
// if necessary.
func (e *PodmanEngine) Image(t testing.TB, image string) string {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.loaded[image] {
		const id = "{{.Id}}"
		wanted := Docker(t, "image", "inspect", "--format", id, Image(t, image))
		if there, err := docker(e.Host(), "image", "inspect", "--format", id, image); err != nil || there != wanted {
			load(t, image, e.Host())
		}
		e.loaded[image] = true
	}
	return image
}

// Folder returns a new directory that belongs to the owner of the engine.
func (e *PodmanEngine) Folder(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(e.dir, "folder")
	if err := errors.Join(os.Mkdir(dir, 0o755), e.account.chown(dir)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// RuntimeName is like the function [RuntimeName], for this engine.
func (e *PodmanEngine) RuntimeName(t testing.TB) string {
	t.Helper()
	return runtimeName(t, e.Host())
}

// Message returns the end of the service's output.
func (e *PodmanEngine) Message() string { return e.daemon.message() }

// remove removes the engine with everything in it.
func (e *PodmanEngine) remove() error {
	var errs []error
	if e.process != nil {
		if ids, err := docker(e.Host(), "ps", "--all", "--quiet"); err == nil && ids != "" {
			_, err := docker(e.Host(), append([]string{"rm", "--force", "--volumes"}, strings.Fields(ids)...)...)
			errs = append(errs, err)
		}
		errs = append(errs, e.daemon.end())
	}
	errs = append(errs, e.account.stopPauseProcess(e.dir))
	// The monitor process of a finished exec stays for five more minutes.
	monitors, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, monitor := range monitors {
		line, _ := os.ReadFile(monitor)
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(monitor)))
		if err != nil || !bytes.Contains(line, []byte(e.dir+"/")) {
			continue
		}
		if process, err := os.FindProcess(pid); err == nil {
			_ = process.Kill()
		}
	}
	// Podman bind-mounts its storage on itself, to make it a private mount.
	exec.Command("umount", filepath.Join(e.root(), "overlay")).Run()
	exec.Command("umount", e.root()).Run() // where it is a disk
	exec.Command("ip", "link", "del", e.bridge).Run()
	return errors.Join(append(errs, os.RemoveAll(e.dir))...)
}

// End ends the engine that the tests of a package share. Call it once after all tests.
// It reports on w what could not be ended.
func End(w io.Writer) {
	podman.mu.Lock()
	defer podman.mu.Unlock()
	if podman.engine == nil {
		return
	}
	if err := podman.engine.remove(); err != nil {
		fmt.Fprintf(w, "Podman leaves something behind: %v\n", err)
	}
	podman.engine = nil
}
