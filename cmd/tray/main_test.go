package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"colabtray/test/testenv"
)

// program is the path of the program under test, built once, as it is released.
var program string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "colab-tray-")
	if err != nil {
		panic(err)
	}
	program = filepath.Join(dir, "colab-tray")
	build := exec.Command("go", "build", "-trimpath", "-tags", "nethttpomithttp2", "-buildvcs=false", "-ldflags", "-s -w -X main.version=1.2.3", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%s\n", out)
		os.Exit(1)
	}
	code := m.Run()
	testenv.End(os.Stderr)
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// longEnough bounds what a command may take; it is only used up when something
// is broken.
const longEnough = 2 * time.Minute

// terminal is a place to run commands in, with settings of its own.
type terminal struct {
	t   *testing.T
	env []string
}

// newTerminal has the settings of a runtime that does not exist yet, on Docker.
func newTerminal(t *testing.T, image string) *terminal {
	t.Helper()
	return newTerminalAt(t, testenv.Engine(t), testenv.RuntimeName(t), image)
}

// newPodmanTerminal is newTerminal on Podman, with one of the test environment's images.
func newPodmanTerminal(t *testing.T, image string) *terminal {
	t.Helper()
	podman := testenv.Podman(t)
	return newTerminalAt(t, podman.Host(), podman.RuntimeName(t), podman.Image(t, image))
}

func newTerminalAt(t *testing.T, engine, name, image string) *terminal {
	t.Helper()
	home := t.TempDir()
	return &terminal{t, []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home,
		"XDG_CONFIG_HOME=" + home + "/config", "XDG_STATE_HOME=" + home + "/state", "XDG_RUNTIME_DIR=" + home + "/run",
		"DOCKER_HOST=" + engine,
		"COLAB_TRAY_NAME=" + name, "COLAB_TRAY_IMAGE=" + image, fmt.Sprintf("COLAB_TRAY_PORT=%d", testenv.FreePort(t)),
	}}
}

// set sets a variable of the environment.
func (c *terminal) set(pair string) { c.env = append(c.env, pair) }

func (c *terminal) get(name string) string {
	value := ""
	for _, pair := range c.env {
		if v, found := strings.CutPrefix(pair, name+"="); found {
			value = v
		}
	}
	return value
}

// settings writes the settings file, and returns its path.
func (c *terminal) settings(text string) (file string) {
	c.t.Helper()
	file = filepath.Join(c.get("XDG_CONFIG_HOME"), "colab-tray", "config.toml")
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(text), 0o600)); err != nil {
		c.t.Fatal(err)
	}
	return file
}

// docker runs a docker command on the engine of the terminal.
func (c *terminal) docker(args ...string) string {
	c.t.Helper()
	return testenv.DockerAt(c.t, c.get("DOCKER_HOST"), args...)
}

func (c *terminal) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = c.env
	return cmd
}

// run runs a command and wants that exit code.
func (c *terminal) run(want int, args ...string) (stdout, stderr string) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), longEnough)
	defer cancel()
	cmd := c.command(ctx, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	_ = cmd.Run()
	if got := cmd.ProcessState.ExitCode(); got != want {
		c.t.Fatalf("colab-tray %s: exit code %d, not %d\nstdout: %s\nstderr: %s", strings.Join(args, " "), got, want, &out, &errs)
	}
	return out.String(), errs.String()
}

func has(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is missing in:\n%s", part, text)
		}
	}
}

// engines is parallel: the test waits most of the time, for an engine. With -short
// it is skipped.
func engines(t *testing.T) {
	t.Helper()
	testenv.Takes(t, "it starts Jupyter on a real engine")
	t.Parallel()
}

// TestMainPath tries each engine and each kind of server, and with CI set each pair
// of them.
func TestMainPath(t *testing.T) {
	engines(t)
	for name, make := range map[string]func(t *testing.T) *terminal{
		"notebook6 on docker": func(t *testing.T) *terminal { return newTerminal(t, testenv.Image(t, testenv.Notebook6)) },
		"server2 on docker":   func(t *testing.T) *terminal { return newTerminal(t, testenv.Image(t, testenv.Server2)) },
		"notebook6 on podman": func(t *testing.T) *terminal { return newPodmanTerminal(t, testenv.Notebook6) },
		"server2 on podman":   func(t *testing.T) *terminal { return newPodmanTerminal(t, testenv.Server2) },
	} {
		if !testenv.Full() && name != "server2 on docker" && name != "notebook6 on podman" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := make(t)
			port := c.get("COLAB_TRAY_PORT")

			out, _ := c.run(0, "status")
			has(t, out, c.get("COLAB_TRAY_NAME"), "not made yet")
			_, errs := c.run(1, "url")
			has(t, errs, "not running", "colab-tray start")
			_, errs = c.run(1, "logs")
			has(t, errs, "colab-tray start")
			_, errs = c.run(1, "update")
			has(t, errs, "no runtime "+c.get("COLAB_TRAY_NAME"), "colab-tray start")
			_, errs = c.run(0, "stop")
			has(t, errs, "no runtime "+c.get("COLAB_TRAY_NAME"))
			if strings.Contains(errs, "data") {
				t.Errorf("stop tells of data that there are not: %s", errs)
			}

			first, errs := c.run(0, "start")
			if !regexp.MustCompile(`^http://localhost:` + port + `/\?token=\w+\n$`).MatchString(first) {
				t.Fatalf("start printed %q", first)
			}
			has(t, errs, "Starting")
			response, err := http.Get(strings.Replace(strings.TrimSpace(first), "/?", "/api/status?", 1))
			if err != nil || response.StatusCode != http.StatusOK {
				t.Fatalf("the Backend URL was answered with %v, %v", response, err)
			}
			_ = response.Body.Close()

			if again, _ := c.run(0, "start"); again != first {
				t.Error("a second start printed another URL")
			}
			if url, _ := c.run(0, "url"); url != first {
				t.Error("url printed another URL")
			}
			c.withLocalhostTaken(first)
			secret := strings.TrimSpace(strings.Split(first, "token=")[1])
			out, errs = c.run(0, "logs")
			if strings.Contains(out+errs, secret) {
				t.Error("logs print the token")
			}
			has(t, out, "[redacted]")
			out, errs = c.run(0, "status", "-v")
			if strings.Contains(out+errs, secret) {
				t.Error("status -v prints the token")
			}
			has(t, out, "ready")

			second, _ := c.run(0, "restart")
			if second == first {
				t.Error("after a restart the URL is the same")
			}
			_, errs = c.run(0, "stop")
			has(t, errs, "stopped", "data are kept")
			out, _ = c.run(0, "status")
			has(t, out, "stopped")
		})
	}
}

// withLocalhostTaken has another program listen where browsers look for localhost
// first: the Backend URL leads past it.
func (c *terminal) withLocalhostTaken(url string) {
	c.t.Helper()
	at := net.JoinHostPort("::1", c.get("COLAB_TRAY_PORT"))
	another, err := net.Listen("tcp6", at)
	testenv.Need(c.t, "IPv6 on the loopback interface", err == nil)
	defer another.Close()
	const short = "Another program listens at "
	want := strings.Replace(url, "localhost", "127.0.0.1", 1)
	for _, command := range []string{"url", "start"} {
		if got, errs := c.run(0, command); got != want || !strings.Contains(errs, short+at+".\n") {
			c.t.Errorf("beside another program %s printed %q, and %q", command, got, errs)
		}
	}
	_, errs := c.run(0, "status")
	has(c.t, errs, short+at, "127.0.0.1")
	out, _ := c.run(0, "status", "--json")
	has(c.t, out, `"code":"localhost-taken"`)
	out, _ = c.run(0, "doctor")
	has(c.t, out, "localhost-taken: "+short+at)
}

func TestStatusJSON(t *testing.T) {
	engines(t)
	c := newTerminal(t, testenv.Image(t, testenv.FakeJupyter))
	url, _ := c.run(0, "start")
	out, _ := c.run(0, "status", "--json")
	if secret := strings.TrimSpace(strings.Split(url, "token=")[1]); strings.Contains(out, secret) {
		t.Error("the token is in it")
	}
	decoder := json.NewDecoder(strings.NewReader(out))
	decoder.UseNumber()
	var got map[string]any
	if err := decoder.Decode(&got); err != nil {
		t.Fatal(err)
	}
	if _, err := time.Parse(time.RFC3339, fmt.Sprint(got["since"])); err != nil {
		t.Error(err)
	}
	engine, _ := got["engine"].(map[string]any)
	for _, key := range []string{"name", "version", "api", "host", "found"} {
		if text, _ := engine[key].(string); text == "" {
			t.Errorf("engine.%s is missing in %s", key, out)
		}
	}
	delete(got, "since")
	delete(got, "engine")
	want := map[string]any{
		"profile": "jupyter", "runtime": c.get("COLAB_TRAY_NAME"), "state": "ready", "ready": true,
		"port": json.Number(c.get("COLAB_TRAY_PORT")), "image": testenv.FakeJupyter, "problem": nil, "unsaved": "", "newerImage": "", "reconnectingSince": "", "waiting": nil, "warnings": []any{},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

func TestStatusOfAll(t *testing.T) {
	engines(t)
	c := newTerminal(t, testenv.Image(t, testenv.FakeJupyter))
	names := []string{testenv.RuntimeName(t), testenv.RuntimeName(t), testenv.RuntimeName(t), testenv.RuntimeName(t)}
	settings := ""
	for i, profile := range []string{"classic", "colab-cpu", "colab-gpu", "jupyter"} { // none of the machine's own
		settings += fmt.Sprintf("[profiles.%s]\nname = %q\n", profile, names[i])
	}
	c.settings(settings)
	out, errs := c.run(0, "status", "--all")
	if has(t, errs, "no runtime yet"); out != "" {
		t.Errorf("it printed %q", out)
	}
	if out, _ = c.run(0, "status", "--all", "--json"); out != "[]\n" {
		t.Errorf("it printed %q", out)
	}
	testenv.Docker(t, "create", "--name", names[0], testenv.FakeJupyter)
	c.run(0, "start")
	out, _ = c.run(0, "status", "--all")
	if want := "classic: " + names[0] + ": stopped\njupyter: " + c.get("COLAB_TRAY_NAME") + ": ready at port "; !strings.HasPrefix(out, want) {
		t.Errorf("it printed %q, want %q", out, want)
	}
	out, _ = c.run(0, "status", "--all", "--json")
	var all []struct{ Profile, State string }
	if err := json.Unmarshal([]byte(out), &all); err != nil || len(all) != 2 || all[1].Profile != "jupyter" || all[1].State != "ready" {
		t.Errorf("it printed %s, %v", out, err)
	}
	c.run(2, "status", "--all", "--watch")
}

func TestStatusWatch(t *testing.T) {
	engines(t)
	c := newTerminal(t, testenv.Image(t, testenv.FakeJupyter))
	ctx, cancel := context.WithTimeout(t.Context(), longEnough)
	defer cancel()
	watch := c.command(ctx, "status", "--watch", "--json")
	stdout, err := watch.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := watch.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	until := func(state string) {
		t.Helper()
		for lines.Scan() {
			var line struct{ State string }
			if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
				t.Fatalf("%v in %s", err, lines.Text())
			}
			if line.State == state {
				return
			}
		}
		t.Fatalf("the state %s was not shown", state)
	}
	until("absent")
	c.run(0, "start")
	until("ready")
	testenv.WaitFor(t, "a pause", func() error { // which the engine can refuse while a health check begins
		return exec.Command("docker", "--host", testenv.Engine(t), "pause", c.get("COLAB_TRAY_NAME")).Run()
	})
	until("paused")
	out, errs := c.run(1, "status")
	has(t, out, ": paused\n")
	has(t, errs, "The runtime is paused", "    colab-tray start\n")
	c.run(0, "start")
	until("ready")
	c.run(0, "stop")
	until("stopped")
	if err := watch.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := watch.Wait(); err != nil {
		t.Errorf("ended by Ctrl-C, it returned %v", err)
	}
}

func TestInterruptLeavesNothingHalfMade(t *testing.T) {
	engines(t)
	c := newTerminal(t, testenv.Image(t, testenv.Notebook6))
	ctx, cancel := context.WithTimeout(t.Context(), longEnough)
	defer cancel()
	start := c.command(ctx, "start")
	stderr, err := start.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := start.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stderr)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "Starting") {
	}
	if err := start.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	var rest strings.Builder
	for lines.Scan() {
		rest.WriteString(lines.Text())
	}
	_ = start.Wait()
	if code := start.ProcessState.ExitCode(); code != 1 {
		t.Errorf("exit code %d", code)
	}
	has(t, rest.String(), "Interrupted")
	out, _ := c.run(0, "status", "--json")
	if !strings.Contains(out, `"state":"stopped"`) && !strings.Contains(out, `"state":"absent"`) {
		t.Errorf("afterwards: %s", out)
	}
	c.run(0, "start")
}

func TestWrongUsage(t *testing.T) {
	t.Parallel()
	c := &terminal{t: t, env: []string{"HOME=" + t.TempDir()}}
	for _, args := range [][]string{
		{"strat"},
		{"--nope"},
		{"start", "--nope"},
		{"start", "now"},
		{"status", "--tail", "3"},
		{"logs", "--tail", "many"},
		{"--port", "0", "status"},
		{"status", "--port", "70000"},
		{"--name", "a b", "status"},
		{"--profile", "nope", "url"},
		{"start", "--image", "A B"},
		{"config"},
		{"config", "nope"},
		{"config", "show", "port"},
		{"backup"},
		{"backup", "a", "b"},
		{"backup", ""},
		{"restore", "a", "--force"},
		{"delete", "everything"},
		{"stop", "--yes"},
		{"help", "strat"},
		{"completion"},
		{"completion", "csh"},
	} {
		if out, errs := c.run(2, args...); out != "" || errs == "" {
			t.Errorf("%v: printed %q and %q", args, out, errs)
		}
	}
}

func TestHelpAndVersion(t *testing.T) {
	t.Parallel()
	c := &terminal{t: t}
	for _, args := range [][]string{{"help"}, {"--help"}, {"-h"}} {
		out, _ := c.run(0, args...)
		has(t, out, "start", "stop", "restart", "status", "url", "logs", "open", "check", "version", "COLAB_TRAY_PORT")
	}
	for _, args := range [][]string{{"start", "--help"}, {"start", "-h"}, {"help", "start"}} {
		out, _ := c.run(0, args...)
		if has(t, out, "start", "--no-gpu", "COLAB_TRAY_PORT"); strings.Contains(out, "--tail") {
			t.Errorf("%v tells of flags of other commands:\n%s", args, out)
		}
	}
	for _, args := range [][]string{{"version"}, {"--version"}} {
		out, _ := c.run(0, args...)
		has(t, out, "colab-tray 1.2.3")
	}
}

func TestBrokenSettingsFile(t *testing.T) {
	home := t.TempDir()
	c := &terminal{t: t, env: []string{"HOME=" + home, "XDG_CONFIG_HOME=" + home}}
	file := c.settings("[profiles.jupyter]\nport = 0\n")
	_, errs := c.run(1, "status")
	has(t, errs, file+":2: profiles.jupyter.port: 0 is out of range")
	if text, _ := os.ReadFile(file); string(text) != "[profiles.jupyter]\nport = 0\n" {
		t.Error("the file was changed")
	}
}

func TestNoEngine(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	c := &terminal{t: t, env: []string{"HOME=" + home, "DOCKER_HOST=unix://" + home + "/none.sock"}}
	for _, args := range [][]string{{"start"}, {"stop"}, {"restart"}, {"url"}, {"logs"}, {"status"}, {"delete", "--data", "--yes"}, {"backup", home + "/b"}} {
		_, errs := c.run(1, args...)
		has(t, errs, "Docker does not answer", "none.sock")
	}
	out, _ := c.run(1, "status", "--json")
	has(t, out, `"state":"noengine"`, `"code":"no-engine"`)
	c.set("DOCKER_HOST=nonsense")
	_, errs := c.run(1, "status")
	has(t, errs, "DOCKER_HOST")
}

// TestWithoutTray: without a session bus the program without a command does
// what a click on its icon would.
func TestWithoutTray(t *testing.T) {
	engines(t)
	c := newTerminal(t, testenv.Image(t, testenv.FakeJupyter))
	out, errs := c.run(0)
	has(t, errs, "No tray here (no session bus)")
	if strings.Count(errs, "No tray here") != 1 || !strings.HasPrefix(out, "http://localhost:") {
		t.Errorf("printed %q and %q", out, errs)
	}
}

// openToTheNetwork starts a container that was made by hand without an address
// for its port: that others reach it is said wherever one looks.
func (c *terminal) openToTheNetwork() {
	c.t.Helper()
	name, port := c.get("COLAB_TRAY_NAME"), c.get("COLAB_TRAY_PORT")
	const short = "Other computers can reach the runtime"
	repair := []string{"0.0.0.0:" + port, "-p 127.0.0.1:" + port + ":8888", name + "-data", "docker rename " + name + " " + name + "-old"}
	for _, command := range []string{"start", "url", "status"} {
		_, errs := c.run(0, command)
		has(c.t, errs, append(repair, short+".\n")...)
	}
	out, _ := c.run(0, "status", "--json")
	has(c.t, out, `"warnings":[{"code":"open-to-network","short":"`+short)
	out, _ = c.run(1, "check")
	has(c.t, out, append(repair, "note  Container", short)...)
	out, _ = c.run(0, "doctor")
	has(c.t, out, append(repair, "open-to-network: "+short, "8888:[0.0.0.0:"+port)...)
}

// TestCheckAndFix checks a container that was made by hand with the documented
// options, follows the advice, and checks again.
func TestCheckAndFix(t *testing.T) {
	engines(t)
	for name, image := range map[string]string{"notebook6": testenv.Notebook6, "server2": testenv.Server2} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newTerminal(t, testenv.Image(t, image))
			runtime := c.get("COLAB_TRAY_NAME")
			out, _ := c.run(1, "check")
			has(t, out, "not running", "colab-tray start", "Colab cannot connect")

			testenv.Docker(t, "run", "-d", "--name", runtime, "--hostname", runtime, "-v", runtime+"-data:/home/jovyan",
				"-p", c.get("COLAB_TRAY_PORT")+":8888", image, "start-notebook.sh",
				"--NotebookApp.allow_origin=https://colab.research.google.com", "--port=8888",
				"--NotebookApp.port_retries=0", "--NotebookApp.allow_credentials=True")
			testenv.Docker(t, "exec", runtime, "sh", "-c", "echo kept > ~/work.ipynb")
			c.openToTheNetwork()
			out, _ = c.run(1, "check")
			has(t, out, "fail  First question", "restart --settings", "Colab cannot connect")

			url, _ := c.run(0, "restart", "--settings")
			out, _ = c.run(0, "check")
			has(t, out, "Colab can connect to "+runtime)
			if secret := strings.TrimSpace(strings.Split(url, "token=")[1]); strings.Contains(out, secret) {
				t.Error("the report shows the token")
			}
			if text := testenv.Docker(t, "exec", runtime, "cat", "/home/jovyan/work.ipynb"); text != "kept" {
				t.Errorf("the notebook has become %q", text)
			}

			out, _ = c.run(0, "check", "--json")
			var report struct {
				OK    bool
				Steps []struct{ ID, Status string }
			}
			if err := json.Unmarshal([]byte(out), &report); err != nil || !report.OK || len(report.Steps) == 0 {
				t.Errorf("check --json printed %s (%v)", out, err)
			}
		})
	}
}
