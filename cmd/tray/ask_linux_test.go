package main

import (
	"bufio"
	"context"
	"strings"
	"syscall"
	"testing"

	"colabtray/test/testenv"
)

// TestAsks answers the question on a terminal.
func TestAsks(t *testing.T) {
	engines(t)
	c := newTerminal(t, testenv.Image(t, testenv.FakeJupyter))
	c.volume("echo precious > x")
	for _, test := range []struct {
		answer string
		code   int
		says   string
	}{
		{"n\n", 1, "Nothing was changed"},
		{"\n", 1, "Nothing was changed"},
		{"yesterday\n", 1, "Nothing was changed"},
		{"\x04", 2, "--yes"},
		{"\x03", 1, "Interrupted"},
		{"y\n", 0, "is deleted"},
	} {
		code, message := c.answer(test.answer, "delete", "--data")
		if code != test.code || !strings.Contains(message, test.says) {
			t.Errorf("answered %q, it ended with %d and said\n%s", test.answer, code, message)
		}
		if c.hasVolume() == (test.code == 0) {
			t.Errorf("answered %q, the volume is there: %v", test.answer, c.hasVolume())
		}
	}
}

// TestStartOnATerminal tells a person what to do next with the Backend URL.
func TestStartOnATerminal(t *testing.T) {
	engines(t)
	c := newTerminal(t, testenv.Image(t, testenv.FakeJupyter))
	code, shown := c.answer("", "start")
	url := strings.Index(shown, "http://localhost:"+c.get("COLAB_TRAY_PORT")+"/?token=")
	if code != 0 || url < 0 {
		t.Fatalf("it ended with %d and showed\n%s", code, shown)
	}
	has(t, shown, "Starting "+c.get("COLAB_TRAY_NAME")+" ...\r")
	has(t, shown[url:], "Next: copy this URL", "colab-tray open", "colab-tray guide")
	if out, errs := c.run(0, "start"); strings.Count(out, "\n") != 1 || strings.Contains(errs, "Next") {
		t.Errorf("elsewhere it prints %q and %q", out, errs)
	}
}

// answer runs a command on a terminal, and types when it asks.
func (c *terminal) answer(typed string, args ...string) (code int, message string) {
	c.t.Helper()
	ptm, pts := testenv.Terminal(c.t, 80)
	ctx, cancel := context.WithTimeout(c.t.Context(), longEnough)
	defer cancel()
	cmd := c.command(ctx, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = pts, pts, pts
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	_ = pts.Close()
	var out strings.Builder
	asked := false
	for r := bufio.NewReader(ptm); ; {
		b, err := r.ReadByte()
		if err != nil {
			break // the terminal ends with the program
		}
		out.WriteByte(b)
		if !asked && strings.HasSuffix(out.String(), "[y/N] ") {
			asked = true
			if _, err := ptm.WriteString(typed); err != nil {
				c.t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait()
	return cmd.ProcessState.ExitCode(), out.String()
}
