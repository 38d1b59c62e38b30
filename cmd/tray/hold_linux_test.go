package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"colabtray/internal/cli"
	"colabtray/internal/desktop"
	"colabtray/internal/problem"
	"colabtray/test/testenv"
)

// holding is a start that stays to listen for its runtime.
type holding struct {
	*exec.Cmd
	url  string
	errs lockedBuffer
}

// lockedBuffer is read while a command writes to it.
type lockedBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// hold starts the runtime in the foreground, and returns when its Backend URL is printed.
func (c *terminal) hold() *holding {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), longEnough)
	c.t.Cleanup(cancel)
	h := &holding{Cmd: c.command(ctx, "start")}
	h.Stderr = &h.errs
	out, err := h.StdoutPipe()
	if err == nil {
		err = h.Start()
	}
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = h.Process.Kill() })
	if h.url, err = bufio.NewReader(out).ReadString('\n'); err != nil {
		_ = h.Wait()
		c.t.Fatalf("no Backend URL: %v\n%s", err, h.errs.String())
	}
	h.url = strings.TrimSpace(h.url)
	return h
}

// interrupt ends it as Ctrl-C does.
func (h *holding) interrupt(t *testing.T) {
	t.Helper()
	if err := h.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := h.Wait(); err != nil {
		t.Errorf("ended by Ctrl-C, it returned %v\n%s", err, h.errs.String())
	}
}

// sleep stops it and all that it has started, as when the computer sleeps, until wake is
// called.
func (h *holding) sleep(t *testing.T) (wake func()) {
	t.Helper()
	all := []int{h.Process.Pid}
	signal := func(s syscall.Signal) {
		for _, pid := range all {
			if err := syscall.Kill(pid, s); err != nil {
				t.Errorf("process %d: %v", pid, err)
			}
		}
	}
	signal(syscall.SIGSTOP) // it starts no more
	all = append(all, startedBy(t, h.Process.Pid)...)
	signal(syscall.SIGSTOP)
	return func() { signal(syscall.SIGCONT) }
}

// startedBy returns the processes that another one has started, and that these have.
func startedBy(t *testing.T, pid int) (all []int) {
	t.Helper()
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, list := range lists {
		text, _ := os.ReadFile(list) // a thread can end
		for _, word := range strings.Fields(string(text)) {
			child, convErr := strconv.Atoi(word)
			err = errors.Join(err, convErr)
			all = append(append(all, child), startedBy(t, child)...)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func answers(t *testing.T, url string) bool {
	t.Helper()
	answer, err := http.Get(strings.Replace(url, "/?", "/api/status?", 1))
	if err != nil {
		return false
	}
	_ = answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// TestStartStays: a start without a tray stays where somebody has to listen for the
// runtime, other commands say so where nobody does, and a tray is asked to do it.
func TestStartStays(t *testing.T) {
	engines(t)
	home, err := os.MkdirTemp("", "ct") // whose path leaves room for the name of a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	name, port := testenv.RuntimeName(t), testenv.FreePort(t)
	c := &terminal{t, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "XDG_CONFIG_HOME=" + home, "XDG_STATE_HOME=" + home + "/s", "XDG_RUNTIME_DIR=" + home}}
	c.settings(fmt.Sprintf("[profiles.jupyter]\nname = %q\nimage = %q\nport = %d\nengine = %q\ntoken = \"keep\"\nwake = true\n",
		name, testenv.Image(t, testenv.FakeJupyter), port, testenv.Engine(t)))

	h := c.hold()
	if !answers(t, h.url) {
		t.Error("the Backend URL does not answer")
	}
	url, errs := c.run(0, "url")
	if strings.TrimSpace(url) != h.url || strings.Contains(errs, "listens") {
		t.Errorf("while one listens, url says %s\n%s", url, errs)
	}
	h.interrupt(t)
	has(t, h.errs.String(), "while this command runs", "stays as it is")
	if answers(t, h.url) {
		t.Error("the Backend URL answers though nobody listens")
	}
	if got := testenv.DockerAt(t, testenv.Engine(t), "inspect", "--format", "{{.State.Running}}", name); got != "true" {
		t.Errorf("the end of the command made the container's state %s", got)
	}

	url, errs = c.run(1, "url")
	has(t, errs, "Nothing listens at port", "    colab-tray start\n")
	if url != "" {
		t.Errorf("it prints %s", url)
	}
	out, _ := c.run(0, "status", "--json")
	var status struct {
		Ready    bool
		Warnings []struct{ Code problem.Code }
	}
	if err := json.Unmarshal([]byte(out), &status); err != nil || !status.Ready || len(status.Warnings) != 1 || status.Warnings[0].Code != problem.NotHeld {
		t.Errorf("the status is %s, %v", out, err)
	}

	h = c.hold()
	dir := filepath.Join(home, "colab-tray")
	release, first, err := desktop.Acquire(dir)
	if err != nil || !first {
		t.Fatalf("the lock: %v, %v", first, err)
	}
	defer release()
	asked := make(chan desktop.Query, 2)
	ctx, end := context.WithCancel(t.Context())
	answered := make(chan error, 1)
	trouble := make(chan error, 1)
	go func() {
		answered <- desktop.ServeQueries(ctx, dir, func(_ context.Context, q desktop.Query) string {
			asked <- q
			select {
			case err := <-trouble:
				return cli.StartAnswer(err)
			default:
				return cli.StartAnswer(nil)
			}
		})
	}()
	testenv.WaitFor(t, "the tray", func() error {
		conn, err := net.Dial("unix", filepath.Join(dir, "instance.sock"))
		if err == nil {
			_ = conn.Close()
			<-asked
		}
		return err
	})
	url, errs = c.run(0, "start")
	if strings.TrimSpace(url) != h.url || <-asked != desktop.Start("jupyter") {
		t.Errorf("with a tray, start says %s", url)
	}
	has(t, errs, "Colab Tray, which runs, starts "+name)
	trouble <- &problem.Problem{Code: problem.PortInUse, Short: "The port is taken", Command: "colab-tray --port 1 start"}
	_, errs = c.run(1, "start")
	has(t, errs, "The port is taken.\n", "    colab-tray --port 1 start\n")
	<-asked
	h.interrupt(t)
	end()
	if err := <-answered; err != nil {
		t.Error(err)
	}
}
