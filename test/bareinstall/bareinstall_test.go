// Package bareinstall proves on a bare Debian 12, which has Go and make and nothing
// else, that `make run` ends in a Backend URL that answers.
package bareinstall

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"colabtray/test/testenv"
)

// patience bounds a whole `make run`, with all its downloads.
const patience = 15 * time.Minute

var backendURL = regexp.MustCompile(`(?m)^http://localhost:8888/\?token=(\S+)$`)

func TestMakeRun(t *testing.T) {
	if !testenv.Full() {
		t.Skip("to set up a machine takes minutes: that is done where CI is set")
	}
	m := newMachine(t)
	m.must(t, "apt-get update && apt-get install -y --no-install-recommends make")
	if out, err := m.sh(t, "command -v docker || command -v dockerd || command -v python3 || command -v git"); err == nil {
		t.Fatalf("the machine is not bare: %s", out)
	}

	first := m.must(t, "make -C /src run")
	url := backendURL.FindStringSubmatch(first)
	if url == nil {
		t.Fatalf("make run printed no Backend URL: %q", first)
	}
	for token, want := range map[string]string{url[1]: " 200 ", "wrong": " 403 "} {
		answer := m.must(t, `exec 3<>/dev/tcp/localhost/8888
			printf 'GET /api/status?token=`+token+` HTTP/1.0\r\n\r\n' >&3
			head -n 1 <&3`)
		if !strings.Contains(answer, want) {
			t.Errorf("Jupyter answers %q, want%s", answer, want)
		}
	}

	if second := m.must(t, "make -C /src run"); !strings.Contains(second, url[0]) {
		t.Error("a second make run did not print the same Backend URL")
	}
}

// machine is a container that may run an engine of its own.
type machine string

// newMachine starts a machine with the project's files in /src, and this
// machine's Go.
func newMachine(t *testing.T) machine {
	t.Helper()
	testenv.DependOnTree()
	testenv.Engine(t)
	testenv.Need(t, "root, to share Go's build cache with a container", os.Geteuid() == 0)
	testenv.NeedCommand(t, "git")
	image := base()
	testenv.Need(t, "a Debian 12 base image, which test/images/build makes", image != "")

	m := machine(testenv.RuntimeName(t))
	args := []string{
		"run", "--detach", "--init", "--name", string(m),
		// What it takes to run an engine in a container: to mount, to set up a
		// network, and files to keep layers in that are no layer themselves.
		// (--privileged would ask for more than a machine may have to give.)
		"--cap-add", "SYS_ADMIN", "--cap-add", "NET_ADMIN",
		"--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined",
		"--security-opt", "systempaths=unconfined",
		"--cgroupns", "host", "--volume", "/sys/fs/cgroup:/sys/fs/cgroup",
		"--volume", "/var/lib/docker",
	}
	for from, to := range map[string]string{"GOROOT": "/usr/local/go:ro", "GOMODCACHE": "/go/pkg/mod:ro", "GOCACHE": "/go/cache"} {
		args = append(args, "--volume", goEnv(t, from)+":"+to)
	}
	for name, value := range map[string]string{
		"PATH":        "/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"GOPATH":      "/go",
		"GOCACHE":     "/go/cache",
		"GOTOOLCHAIN": "local",
		"GOPROXY":     "off", // all modules are in the cache that is shared
		"GOFLAGS":     goEnv(t, "GOFLAGS"),
	} {
		args = append(args, "--env", name+"="+value)
	}
	for _, name := range []string{"http_proxy", "https_proxy", "no_proxy"} {
		args = append(args, "--env", name) // as it is here, if it is
	}
	testenv.Docker(t, append(args, image, "sleep", "infinity")...)

	download := exec.CommandContext(t.Context(), "go", "mod", "download")
	if out, err := download.CombinedOutput(); err != nil {
		t.Fatalf("go mod download: %v: %s", err, out)
	}
	m.must(t, "mkdir /src")
	files := exec.CommandContext(t.Context(), "sh", "-c", "git ls-files -z | tar --null --files-from - --create | docker cp - "+string(m)+":/src")
	files.Dir = filepath.Join("..", "..")
	if out, err := files.CombinedOutput(); err != nil {
		t.Fatalf("the project's files could not be copied: %v: %s", err, out)
	}
	return m
}

// base returns the Debian 12 image that the test environment's images were made from.
func base() string {
	for _, image := range []string{"debian:bookworm-slim", "colab-tray-base:bookworm"} {
		if exec.Command("docker", "image", "inspect", image).Run() == nil {
			return image
		}
	}
	return ""
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// must runs a script on the machine and returns what it printed.
func (m machine) must(t *testing.T, script string) string {
	t.Helper()
	out, err := m.sh(t, script)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// sh runs a script on the machine; what it says on stderr goes to the test's
// log.
func (m machine) sh(t *testing.T, script string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "docker", "exec", string(m), "bash", "-c", script)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	t.Logf("%s", stderr.String())
	return stdout.String(), err
}
