// Package bed gives tests their real parts: a Docker engine, Jupyter images,
// free ports, and names whose containers and volumes are gone when the test is.
//
// A test asks for each part it needs. Where one is lacking the test is skipped
// and says which; with CI set in the environment it fails instead, so that no
// test is lost there unnoticed. test/setup installs the parts on a Debian
// machine.
//
// The package does not own the program's view of the engine: it speaks to it
// through the docker command alone, so that a mistake in the program's own
// client cannot hide from a test.
package testenv

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// The images of the bed. Those of Jupyter are made by test/images/build in the
// manner of jupyter/docker-stacks.
const (
	// Notebook6 is Notebook 6.4 on Debian 12.
	Notebook6 = "colab-tray-test/notebook6:1"
	// Server2 is Jupyter Server 2 on Debian 13, without JupyterLab.
	Server2 = "colab-tray-test/server2:1"
	// Colab stands in for Google's Colab runtime image, made by
	// test/fakecolab/build.
	Colab = "colab-tray-test/colab:1"
)

// patience bounds every single thing the bed waits for. It is only used up
// when something is broken.
const patience = 2 * time.Minute

// Need skips the test when the named part is not present, and fails it when CI
// is set in the environment. The part reads on from "this test needs".
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

// NeedCommand is Need for a command on PATH.
func NeedCommand(t testing.TB, name string) {
	t.Helper()
	_, err := exec.LookPath(name)
	Need(t, "the command "+name, err == nil)
}

// DependOnTree makes the result of a test depend on all files of the project, for one
// that looks at more of them than Go notices: what it reads of its environment
// is a part of what Go's cache of results goes by. test/cachekey makes the value.
func DependOnTree() { _ = os.Getenv("COLAB_TRAY_TEST_TREE") }

// Engine returns the address of the engine the tests share, in the form of
// DOCKER_HOST.
func Engine(t testing.TB) string {
	t.Helper()
	NeedCommand(t, "docker")
	_ = os.Getenv("COLAB_TRAY_TEST_ENGINE") // as with Tree
	host := engineHost()
	_, err := docker(host, "version")
	Need(t, "a Docker engine at "+host, err == nil)
	return host
}

func engineHost() string {
	if host := os.Getenv("DOCKER_HOST"); host != "" {
		return host
	}
	return "unix:///var/run/docker.sock"
}

// Image returns the reference of one of the bed's images, which is there.
func Image(t testing.TB, image string) string {
	t.Helper()
	_, err := docker(Engine(t), "image", "inspect", image)
	Need(t, "the image "+image+", which test/setup makes", err == nil)
	return image
}

// Docker runs the docker command against the shared engine and returns what it
// printed, without the last newline. The test fails when the command does.
func Docker(t testing.TB, args ...string) string {
	t.Helper()
	return mustDocker(t, Engine(t), args...)
}

// DockerAt is [Docker] for the engine at an address.
func DockerAt(t testing.TB, host string, args ...string) string {
	t.Helper()
	return mustDocker(t, host, args...)
}

// RunInVolume runs a shell script, as root, in the directory of the engine at host
// that has the files of a volume, and returns what it printed. The volume is made
// if there is none. A container for it would take much longer.
func RunInVolume(t testing.TB, host, volume, script string) string {
	t.Helper()
	dir := mustDocker(t, host, "volume", "inspect", "--format", "{{.Mountpoint}}", mustDocker(t, host, "volume", "create", volume))
	_, err := os.ReadDir(dir)
	Need(t, "to be root on the engine's own machine, where the files of volumes are", err == nil)
	cmd := exec.CommandContext(t.Context(), "sh", "-c", script)
	cmd.Dir = dir
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("in %s: %v: %s", volume, err, &out)
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// RuntimeName returns a name for a runtime that nothing else has. When the
// test ends, the container of that name and the volume name + "-data" are
// removed from the shared engine.
func RuntimeName(t testing.TB) string {
	t.Helper()
	return runtimeName(t, Engine(t))
}

func runtimeName(t testing.TB, host string) string {
	name := "colab-tray-test-" + randomHex(6)
	// Also NAME-next and NAME-previous, of an operation that did not end, and
	// helpers.
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

// ports are the ports given to tests, one after the other.
var ports struct {
	mu   sync.Mutex
	last int
}

// FreePort returns a TCP port that nothing listens on, on any address, and that no
// other test of the process was given. It lies below the range from which the
// system takes ports for outgoing connections, so that none of these can take it
// meanwhile.
func FreePort(t testing.TB) int {
	t.Helper()
	const first, number = 10000, 20000
	ports.mu.Lock()
	defer ports.mu.Unlock()
	if ports.last == 0 {
		ports.last = mathrand.IntN(number)
	}
	for range 1000 {
		ports.last = (ports.last + 1) % number
		port := first + ports.last
		l, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
		if err != nil {
			continue
		}
		l.Close()
		return port
	}
	t.Fatal("no free port was found")
	return 0
}

// WaitFor asks until try returns nil, and fails the test with its last error
// when that takes minutes. What is waited for reads on from "waiting for".
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

// docker runs the docker command. Where that fails, its output is the error
// and what is returned is both streams.
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
	rand.Read(b) // it never fails
	return hex.EncodeToString(b)
}
