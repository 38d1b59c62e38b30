// Package testenv gives tests their real parts: a Docker engine, Jupyter images, free
// ports, and names whose containers and volumes are removed when the test ends.
//
// A test asks for each part it needs. Where a part is missing the test is skipped and
// names it. With CI set in the environment the test fails instead, so that no test is
// left out unnoticed. test/setup installs the parts on a Debian machine.
//
// The package does not use the program's own engine client: it talks to engines only
// through the docker command, so that a mistake in that client cannot hide from a test.
package testenv

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The test images. test/images/build makes those of Jupyter, which resemble those of
// jupyter/docker-stacks.
const (
	// Notebook6 is Notebook 6.4 on Debian 12.
	Notebook6 = "colab-tray-test/notebook6:1"
	// Server2 is Jupyter Server 2 on Debian 13, without JupyterLab.
	Server2 = "colab-tray-test/server2:1"
	// Colab behaves like Google's Colab runtime image; test/fakecolab/build makes it.
	Colab = "colab-tray-test/colab:1"
	// FakeJupyter is a small image with a stand-in for Jupyter, which is ready at once and uses
	// next to no processor. It is for tests that need a server that becomes ready, and
	// nothing else of Jupyter; test/fakejupyter makes it.
	FakeJupyter = "colab-tray-test/fakejupyter:1"
)

// patience limits each wait of this package. It is only used up when something is
// broken.
const patience = 2 * time.Minute

// Need skips the test if the part is not present, or fails it if CI is set in the
// environment. The part completes the message "this test needs ...".
func Need(t testing.TB, part string, present bool) {
	t.Helper()
	switch {
	case present:
	case os.Getenv("CI") != "":
		t.Fatalf("this test needs %s (see test/setup)", part)
	default:
		t.Skipf("this test needs %s (see test/setup)", part)
	}
}

// NeedCommand is [Need] for a command on PATH.
func NeedCommand(t testing.TB, name string) {
	t.Helper()
	_, err := exec.LookPath(name)
	Need(t, "the command "+name, err == nil)
}

// DependOnTree makes the cached result of a test depend on all files of the project. It
// is for tests that read files which Go's test cache does not track. The cache does
// track the environment variables that a test reads; test/cachekey computes this one.
func DependOnTree() { _ = os.Getenv("COLAB_TRAY_TEST_TREE") }

// Engine returns the address of the engine that the tests share, as in DOCKER_HOST.
func Engine(t testing.TB) string {
	t.Helper()
	NeedCommand(t, "docker")
	_ = os.Getenv("COLAB_TRAY_TEST_ENGINE") // for Go's test cache, see DependOnTree
	host := engineHost()
	Need(t, "a Docker engine at "+host, seen.once("engine "+host, func() bool {
		_, err := docker(host, "version")
		return err == nil
	}))
	return host
}

// seen has the parts that were found, so that each is looked for once: the engine runs
// two programs for its answer to "docker version".
var seen parts

type parts struct {
	mu    sync.Mutex
	there map[string]bool
}

// once calls find unless it has found the part before, and tells whether the part is
// there.
func (p *parts) once(part string, find func() bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.there[part] && find() {
		if p.there == nil {
			p.there = map[string]bool{}
		}
		p.there[part] = true
	}
	return p.there[part]
}

func engineHost() string {
	if host := os.Getenv("DOCKER_HOST"); host != "" {
		return host
	}
	return "unix:///var/run/docker.sock"
}

// Image returns the reference of a test image, and skips the test if the shared engine
// does not have that image.
func Image(t testing.TB, image string) string {
	t.Helper()
	host := Engine(t)
	Need(t, "the image "+image+", which test/setup makes", seen.once("image "+image+" of "+host, func() bool {
		_, err := docker(host, "image", "inspect", image)
		return err == nil
	}))
	return image
}

// Docker runs the docker command against the shared engine and returns its output,
// without the last newline. The test fails if the command fails.
func Docker(t testing.TB, args ...string) string {
	t.Helper()
	return mustDocker(t, Engine(t), args...)
}

// DockerAt is [Docker] for the engine at host.
func DockerAt(t testing.TB, host string, args ...string) string {
	t.Helper()
	return mustDocker(t, host, args...)
}

// RunInVolume runs a shell script as root in the directory with the files of a volume,
// and returns the output. The volume belongs to the engine at host and is made if
// necessary. A container would take much longer.
func RunInVolume(t testing.TB, host, volume, script string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", script)
	cmd.Dir = volumeDir(t, host, volume)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("in %s: %v: %s", volume, err, &out)
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// volumeDirs are the directories of volumes, by engine and name, each of which the engine
// is asked for once. A volume that is removed and made again has the same one.
var volumeDirs sync.Map

// volumeDir returns the directory with the files of a volume, which is made if necessary.
func volumeDir(t testing.TB, host, volume string) string {
	t.Helper()
	key := host + " " + volume
	if dir, known := volumeDirs.Load(key); known {
		if _, err := os.Stat(dir.(string)); err == nil {
			return dir.(string)
		}
	}
	dir := mustDocker(t, host, "volume", "inspect", "--format", "{{.Mountpoint}}", mustDocker(t, host, "volume", "create", volume))
	_, err := os.ReadDir(dir)
	Need(t, "to be root on the engine's own machine, where the files of volumes are", err == nil)
	volumeDirs.Store(key, dir)
	return dir
}

// RuntimeName returns a unique name for a runtime. When the test ends, the container of
// that name and the volume name + "-data" are removed from the shared engine.
func RuntimeName(t testing.TB) string {
	t.Helper()
	return runtimeName(t, Engine(t))
}

func runtimeName(t testing.TB, host string) string {
	name := "colab-tray-test-" + randomHex(6)
	// This includes NAME-next and NAME-previous, which an interrupted operation leaves
	// behind, and helpers.
	AfterDeath(t, `export DOCKER_HOST=$1
		for try in 1 2; do
			docker ps --all --quiet --filter volume=$2-data | xargs -r docker rm --force --volumes
			docker ps --all --quiet --filter name=$2 | xargs -r docker rm --force --volumes
			docker volume ls --quiet --filter name=$2 | xargs -r docker volume rm --force
		done`, host, name)
	t.Cleanup(func() {
		if out, err := docker(host, "rm", "--force", "--volumes", name); err != nil && !strings.Contains(strings.ToLower(out), "no such container") && !strings.Contains(out, "no container with name") {
			t.Errorf("container %s could not be removed: %v", name, err)
		}
		if out, err := docker(host, "volume", "rm", "--force", name+"-data"); err != nil && !strings.Contains(strings.ToLower(out), "no such volume") {
			t.Errorf("volume %s-data could not be removed: %v", name, err)
		}
		if kept, err := docker(host, "images", "--filter", "reference=localhost/colab-tray/*:"+name+"-*", "--format", "{{.Repository}}:{{.Tag}}"); err == nil && kept != "" {
			if _, err := docker(host, append([]string{"rmi"}, strings.Fields(kept)...)...); err != nil {
				t.Errorf("images kept for %s could not be removed: %v", name, err)
			}
		}
	})
	return name
}

// ports are the ports given to tests, one after the other. They are of blocks that
// belong to this process, which it keeps from others by listening on the first port of
// each: the tests of several packages run at the same time.
var ports struct {
	mu     sync.Mutex
	next   int // at the end of a block a multiple of its size
	blocks []net.Listener
}

// FreePort returns a TCP port that nothing listens on, on any address, and that no
// other test was given. The port is below the range of ports for outgoing connections,
// so that none of those can take it in the meantime. The port after it is given to
// nobody: the program offers that one where its own is taken.
func FreePort(t testing.TB) int {
	t.Helper()
	const first, number, block = 10000, 20000, 50
	ports.mu.Lock()
	defer ports.mu.Unlock()
	for range 1000 {
		if ports.next%block == 0 {
			ports.next = first + block*mathrand.IntN(number/block)
			l, err := net.Listen("tcp", fmt.Sprintf(":%d", ports.next))
			if err != nil {
				continue
			}
			ports.blocks = append(ports.blocks, l)
		}
		port := ports.next
		ports.next += 2
		if l, err := net.Listen("tcp", fmt.Sprintf(":%d", port)); err == nil {
			l.Close()
			if leadsNowhere(port) {
				return port
			}
		}
	}
	t.Fatal("no free port was found")
	return 0
}

// leadsNowhere reports whether connections to a port are refused. A Podman that was
// killed leaves rules behind that lead a port to a container that is gone.
func leadsNowhere(port int) bool {
	conn, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), 200*time.Millisecond)
	if err == nil {
		conn.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}

// WaitFor calls try until it returns nil. After 2 minutes it fails the test with the last
// error. what completes the message "waiting for ...".
func WaitFor(t testing.TB, what string, try func() error) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 250*time.Millisecond) {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("waiting for %s: %v", what, err)
		}
		time.Sleep(pause)
	}
}

func mustDocker(t testing.TB, host string, args ...string) string {
	t.Helper()
	out, err := docker(host, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// docker runs the docker command. If the command fails, its output is the error, and the
// returned text has both streams.
func docker(host string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "docker", append([]string{"--host", host}, args...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String() + stderr.String(),
			fmt.Errorf("docker %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return strings.TrimSuffix(stdout.String(), "\n"), nil
}

func randomHex(bytes int) string {
	b := make([]byte, bytes)
	rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// StartPrograms has this process start programs all the time, until the test ends.
func StartPrograms(t testing.TB) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var starts sync.WaitGroup
	t.Cleanup(func() {
		stop()
		starts.Wait()
	})
	for range 4 {
		starts.Go(func() {
			for ctx.Err() == nil {
				if err := exec.Command(self, "-test.run=^$").Run(); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
}
