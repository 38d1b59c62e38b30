package packaging

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"colabtray/test/testenv"
)

// computer is a container with a Debian system that speaks to the shared engine.
type computer struct {
	t    *testing.T
	name string
}

// newComputer starts a bare Debian system, on the network of this machine, with a
// session bus.
func newComputer(t *testing.T) computer {
	t.Helper()
	engine, is := strings.CutPrefix(testenv.Engine(t), "unix://")
	testenv.Need(t, "an engine at a socket of this machine, and root", is && os.Geteuid() == 0)
	bus := testenv.SessionBus(t)
	socket, _, _ := strings.Cut(strings.TrimPrefix(bus, "unix:path="), ",")

	var image string
	for _, base := range []string{"debian:bookworm-slim", "colab-tray-base:bookworm"} {
		if exec.Command("docker", "image", "inspect", base).Run() == nil {
			image = base
		}
	}
	testenv.Need(t, "a Debian 12 base image, which test/images/build makes", image != "")
	c := computer{t, testenv.RuntimeName(t)}
	testenv.Docker(t, "run", "--detach", "--init", "--name", c.name, "--network", "host",
		"--volume", engine+":/var/run/docker.sock",
		"--volume", socket+":/bus", "--env", "DBUS_SESSION_BUS_ADDRESS=unix:path=/bus",
		"--tmpfs", "/run/user/0:mode=700", "--env", "XDG_RUNTIME_DIR=/run/user/0",
		image, "sleep", "infinity")
	return c
}

// does runs a command there and returns what it prints.
func (c computer) does(args ...string) string {
	c.t.Helper()
	return testenv.Docker(c.t, append([]string{"exec", c.name}, args...)...)
}

// TestDeb is the life of the deb on a Debian system: it is installed, does the main
// job, is upgraded while the tray and the runtime run, removed and purged. The runtime
// outlives all of it.
func TestDeb(t *testing.T) {
	t.Parallel()
	image := testenv.Image(t, testenv.Notebook6)
	deb := filepath.Join(dist(t), "colab-tray_"+version+"-1_"+runtime.GOARCH+".deb")
	c := newComputer(t)
	testenv.Docker(t, "cp", deb, c.name+":/new.deb")

	// The version before is the same with another number, and a file more.
	c.does("sh", "-ec", `dpkg-deb --raw-extract /new.deb /old
		sed -i 's/^Version: .*/Version: 0.1.0-1/' /old/DEBIAN/control
		touch /old/usr/share/doc/colab-tray/gone
		dpkg-deb --build -Znone /old /old.deb`)
	// Slim images leave documentation out unless told otherwise.
	install := []string{"dpkg", "--path-include=/usr/share/*", "--install"}
	c.does(append(install, "/old.deb")...)
	files := strings.Fields(c.does("dpkg", "--listfiles", "colab-tray"))
	for _, want := range contents("/usr/share/zsh/vendor-completions/_colab-tray", "/usr/share/lintian/overrides/colab-tray") {
		c.does("test", "-s", want)
	}

	name := testenv.RuntimeName(t)
	c.does("sh", "-ec", `mkdir -p ~/.config/colab-tray
		printf '[profiles.jupyter]\nname = "%s"\nimage = "%s"\nport = %s\n' "$@" >~/.config/colab-tray/config.toml`,
		"sh", name, image, strconv.Itoa(testenv.FreePort(t)))
	testenv.Docker(t, "exec", "--detach", c.name, "sh", "-c", "colab-tray; echo $? >/tray-ended")
	url := c.does("colab-tray", "start")
	answers(t, url)
	started := testenv.Docker(t, "inspect", "--format", "{{.Id}} {{.State.StartedAt}}", name)
	tray := c.awaits("the tray", "sh", "-c", `for p in /proc/[0-9]*; do
		[ "$(readlink $p/exe)" = /usr/bin/colab-tray ] && [ -S /run/user/0/colab-tray/instance.sock ] && basename $p && exit; done; false`)

	c.does(append(install, "/new.deb")...)
	var told struct{ Version string }
	if err := json.Unmarshal([]byte(c.does("colab-tray", "version", "--json")), &told); err != nil || told.Version != version {
		t.Errorf("the version is %q (%v), want %s", told.Version, err, version)
	}
	if got := c.does("dpkg", "--verify", "colab-tray"); got != "" {
		t.Errorf("files are not as packed:\n%s", got)
	}
	c.does("test", "!", "-e", "/usr/share/doc/colab-tray/gone")
	if got := c.does("colab-tray", "url"); got != url {
		t.Errorf("the Backend URL is %s after the upgrade, and was %s", got, url)
	}
	answers(t, url)
	c.does("test", "-d", "/proc/"+tray)
	c.does("colab-tray") // a second start, which the tray of the version before answers
	c.does("colab-tray", "quit")
	c.awaits("the tray to end", "grep", "-qx", "0", "/tray-ended")

	c.does("dpkg", "--remove", "colab-tray")
	for _, file := range files {
		if strings.Contains(file, "colab-tray") || strings.Contains(file, "dev.colabtray") {
			c.does("test", "!", "-e", file)
		}
	}
	c.does("dpkg", "--purge", "colab-tray")
	if got := c.does("dpkg-query", "--show", "--showformat=${Package}\n"); strings.Contains(got, "colab-tray") {
		t.Error("dpkg still knows the package after it was purged")
	}
	c.does("test", "-s", "/root/.config/colab-tray/config.toml")
	answers(t, url)
	if now := testenv.Docker(t, "inspect", "--format", "{{.Id}} {{.State.StartedAt}}", name); now != started {
		t.Errorf("the runtime is %s, and was %s", now, started)
	}
}

// awaits repeats a command there until it works, and returns what it prints.
func (c computer) awaits(what string, args ...string) string {
	c.t.Helper()
	var out []byte
	testenv.WaitFor(c.t, what, func() (err error) {
		out, err = exec.Command("docker", append([]string{"exec", c.name}, args...)...).Output()
		return err
	})
	return strings.TrimSpace(string(out))
}

// answers checks that a Backend URL lets in who has it.
func answers(t *testing.T, url string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.Replace(url, "/?", "/api/status?", 1), nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err == nil {
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK {
			err = errors.New(response.Status)
		}
	}
	if err != nil {
		t.Errorf("the Backend URL does not work: %v", err)
	}
}

// contents returns the files that every package has, and more.
func contents(more ...string) []string {
	return append([]string{
		"/usr/bin/colab-tray",
		"/usr/lib/systemd/user/colab-tray.service",
		"/usr/share/applications/dev.colabtray.ColabTray.desktop",
		"/usr/share/metainfo/dev.colabtray.ColabTray.metainfo.xml",
		"/usr/share/icons/hicolor/16x16/apps/dev.colabtray.ColabTray.png",
		"/usr/share/icons/hicolor/256x256/apps/dev.colabtray.ColabTray.png",
		"/usr/share/icons/hicolor/scalable/apps/dev.colabtray.ColabTray.svg",
		"/usr/share/icons/hicolor/symbolic/apps/dev.colabtray.ColabTray-symbolic.svg",
		"/usr/share/man/man1/colab-tray.1.gz",
		"/usr/share/bash-completion/completions/colab-tray",
		"/usr/share/fish/vendor_completions.d/colab-tray.fish",
		"/usr/share/doc/colab-tray/changelog.gz",
		"/usr/share/doc/colab-tray/copyright",
		"/usr/share/doc/colab-tray/README.md",
		"/usr/share/doc/colab-tray/third-party-licences.gz",
	}, more...)
}

// TestLintian holds the deb to Debian's policy.
func TestLintian(t *testing.T) {
	t.Parallel()
	testenv.NeedCommand(t, "lintian")
	deb := filepath.Join(dist(t), "colab-tray_"+version+"-1_"+runtime.GOARCH+".deb")
	out, err := exec.CommandContext(t.Context(), "lintian", "--no-cfg", "--allow-root", "--fail-on", "error,warning", deb).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
