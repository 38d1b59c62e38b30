package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"colabtray/test/testenv"
)

// TestRuntimeOnBox: in the foreground a runtime on another machine is reached here, its
// machine is named, the connection comes back after a while, and the end of the command
// leaves the runtime. The person's own ssh at the port is named, and ours is given no
// token.
func TestRuntimeOnBox(t *testing.T) {
	engines(t)
	box := testenv.SSHD(t)
	box.Provide(t, "nvidia-smi", `printf 'NVIDIA L4, 550.54, 23034 MiB\nNVIDIA \033[1mT4, 550.54, 15360 MiB\n'`)
	home, err := os.MkdirTemp("", "ct") // whose path leaves room for the names of sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	name, port := testenv.RuntimeName(t), testenv.FreePort(t)
	c := &terminal{t, []string{
		"PATH=" + filepath.Dir(box.Program()) + ":" + os.Getenv("PATH"), "HOME=" + home,
		"XDG_CONFIG_HOME=" + home, "XDG_STATE_HOME=" + home + "/s", "XDG_RUNTIME_DIR=" + home,
	}}
	settings := fmt.Sprintf("[profiles.jupyter]\nname = %q\nimage = %q\nport = %d\nengine = %q\n",
		name, testenv.Image(t, testenv.FakeJupyter), port, box.Address()+strings.TrimPrefix(testenv.Engine(t), "unix://"))
	c.settings(settings)

	own := exec.Command(box.Program(), "-N", "-L", fmt.Sprintf("%d:127.0.0.1:9", port), box.Name)
	if err := own.Start(); err != nil {
		t.Fatal(err)
	}
	testenv.WaitFor(t, "the person's own ssh", func() error {
		conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			err = conn.Close()
		}
		return err
	})
	_, errs := c.run(1, "start")
	has(t, errs, fmt.Sprintf("Port %d is in use by your ssh to %s (process %d).", port, box.Name, own.Process.Pid), fmt.Sprintf("start --port %d", port+1))
	_ = own.Process.Kill()
	_ = own.Wait()

	h := c.hold()
	if !answers(t, h.url) || !strings.Contains(h.url, fmt.Sprintf("//localhost:%d/", port)) {
		t.Errorf("the Backend URL %s does not answer", strings.Split(h.url, "?")[0])
	}
	out, _ := c.run(0, "status")
	has(t, out, name+": ready at port", "(on "+box.Name+")\n")
	for command, says := range map[string]string{
		"status":        "Graphics card of " + box.Name + ": NVIDIA L4, 550.54, 23034 MiB\n",
		"status --json": `"NVIDIA L4, 550.54, 23034 MiB",`,
		"doctor":        "on " + box.Name + ": NVIDIA L4, 550.54, 23034 MiB\n",
	} {
		// A machine that is too busy to answer in time says so.
		testenv.WaitFor(t, "the graphics cards in "+command, func() error {
			if out, _ := c.run(0, strings.Fields(command)...); !strings.Contains(out, says) {
				return fmt.Errorf("it says %s", out)
			}
			return nil
		})
	}
	status := func() (s struct {
		State, ReconnectingSince string
		Engine                   struct{ Machine string }
	}, err error,
	) {
		cmd := c.command(t.Context(), "status", "--json")
		out, err := cmd.Output()
		if exit := (*exec.ExitError)(nil); err == nil || errors.As(err, &exit) {
			err = json.Unmarshal(out, &s)
		}
		return s, err
	}
	if s, err := status(); err != nil || s.Engine.Machine != box.Name || s.ReconnectingSince != "" {
		t.Errorf("the status is %+v, %v", s, err)
	}

	// Without a browser, open says that alone, and what else is missing where it is.
	lonely := &terminal{t, append(slices.Clone(c.env), "PATH="+filepath.Dir(box.Program()))}
	if _, errs := lonely.run(1, "open"); strings.Contains(errs, "Nothing listens") {
		t.Errorf("while one listens, open says %s", errs)
	}

	// Who holds it stays for it while another command makes its container anew, and that
	// one finds that it does.
	c.settings(settings + "shm_size = \"65m\"\n")
	url, said := c.run(0, "restart")
	if strings.Contains(said, "Nothing listens") {
		t.Errorf("while one listens, restart says %s", said)
	}
	h.url = strings.TrimSpace(url)
	testenv.WaitFor(t, "the Backend URL after the restart", func() error {
		if !answers(t, h.url) {
			return errors.New("it does not answer")
		}
		return nil
	})

	// The computer sleeps, for so long that the box gives the connection up, or what is
	// between both forgets it.
	started := func() string {
		return testenv.DockerAt(t, testenv.Engine(t), "inspect", "--format", "{{.Id}} {{.State.StartedAt}}", name)
	}
	before := started()
	for _, meanwhile := range []func(testing.TB){box.Kill, box.Silence} {
		wake := h.sleep(t)
		meanwhile(t)
		wake()
		testenv.WaitFor(t, "the Backend URL after the sleep", func() error {
			if !answers(t, h.url) {
				return errors.New("it does not answer")
			}
			return nil
		})
	}
	if now := started(); now != before {
		t.Errorf("over a sleep the container %s became %s", before, now)
	}

	box.Shutdown(t)
	testenv.WaitFor(t, "the loss to be told", func() error {
		if said := h.errs.String(); !strings.Contains(said, "econnecting to "+box.Name+" since") {
			return fmt.Errorf("it says %q", said)
		}
		return nil
	})
	box.Start(t)
	testenv.WaitFor(t, "the connection", func() error {
		if !answers(t, h.url) {
			return errors.New("the Backend URL does not answer")
		}
		return nil
	})
	h.interrupt(t)
	has(t, h.errs.String(), "holds the connection to "+box.Name, "The runtime there stays as it is.")
	if answers(t, h.url) {
		t.Error("the Backend URL answers after the end")
	}
	if got := testenv.DockerAt(t, testenv.Engine(t), "inspect", "--format", "{{.State.Running}}", name); got != "true" {
		t.Errorf("the end of the command made the container's state %s", got)
	}
	_, errs = c.run(1, "url")
	has(t, errs, "The runtime is on "+box.Name, "    colab-tray start\n")

	_, errs = lonely.run(1, "open")
	has(t, errs, fmt.Sprintf("Nothing listens at port %d", port), "    colab-tray start\n")

	// With a tray, which needs no panel for that, start returns and the tray stays.
	c.run(0, "stop")
	c.set("DBUS_SESSION_BUS_ADDRESS=" + testenv.SessionBus(t))
	tray := c.command(t.Context())
	var trayErrs lockedBuffer
	tray.Stderr = &trayErrs
	if err := tray.Start(); err != nil {
		t.Fatal(err)
	}
	testenv.WaitFor(t, "the tray", func() error { return exists(filepath.Join(home, "colab-tray", "instance.sock")) })
	url, errs = c.run(0, "start")
	has(t, errs, "Colab Tray, which runs, starts "+name)
	if !answers(t, strings.TrimSpace(url)) {
		t.Error("the Backend URL that the tray holds does not answer")
	}
	if again, _ := c.run(0, "url"); again != url {
		t.Errorf("then the Backend URL is %s", again)
	}
	c.run(0, "quit")
	for _, url := range []string{h.url, url} {
		_, token, _ := strings.Cut(strings.TrimSpace(url), "token=")
		if arguments := box.Arguments(t); token == "" || !strings.Contains(arguments, box.Name) || strings.Contains(arguments, token) {
			t.Errorf("the token is missing, or ssh is given it: %s", arguments)
		}
	}
	if err := tray.Wait(); err != nil {
		t.Errorf("the tray ended with %v\n%s", err, trayErrs.String())
	}
}
