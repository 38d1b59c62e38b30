package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"colabtray/test/testenv"
)

// TestShell does in a terminal what a person does, and what scripts do without one.
func TestShell(t *testing.T) {
	testenv.Takes(t, "Jupyter has to start")
	t.Parallel()
	c := newTerminal(t, testenv.Image(t, testenv.Server2))
	_, errs := c.run(1, "shell", "--", "true")
	has(t, errs, "The runtime is not running.", "colab-tray start")
	_, errs = c.run(2, "shell", "true")
	has(t, errs, "shell takes a command behind --", "colab-tray help shell")
	c.run(0, "start")

	piped := c.command(t.Context(), "shell", "--", "sh", "-c", `cat; pwd; id -un; echo aside >&2; exit 7`)
	piped.Stdin = strings.NewReader("in\x1b\x00\n")
	var out, aside bytes.Buffer
	piped.Stdout, piped.Stderr = &out, &aside
	_ = piped.Run()
	if code := piped.ProcessState.ExitCode(); code != 7 || out.String() != "in\x1b\x00\n/home/jovyan\njovyan\n" || aside.String() != "aside\n" {
		t.Errorf("through pipes: exit code %d, %q and %q", code, &out, &aside)
	}

	person, screen := openTerminal(t)
	resize(t, person, 31, 97)
	before := modes(t, screen)
	ctx, cancel := context.WithTimeout(t.Context(), longEnough)
	defer cancel()
	shell := c.command(ctx, "shell")
	shell.Env = append(shell.Env, "TERM=dumb")
	shell.Stdin, shell.Stdout, shell.Stderr = screen, screen, screen
	shell.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	shown := make(chan byte, 1<<20)
	go func() {
		defer close(shown)
		for from := bufio.NewReader(person); ; {
			b, err := from.ReadByte()
			if err != nil {
				return
			}
			shown <- b
		}
	}()
	// say types a line of which the answer has a word that the line itself has not.
	say := func(line, answer string) {
		t.Helper()
		fmt.Fprintf(person, "%s\n", line)
		for text := ""; !strings.Contains(text, answer); {
			select {
			case b := <-shown:
				text += string(b)
			case <-ctx.Done():
				t.Fatalf("after %q: %q", line, text)
			}
		}
	}
	say(`echo "at $(pwd)," "$TERM."`, "at /home/jovyan, dumb.")
	// The engine can be told of a size only once the command has begun.
	say(`until [ "$(stty size)" = "31 97" ]; do sleep 0.1; done; echo "it" "fits"`, "it fits")
	resize(t, person, 42, 120)
	say(`until [ "$(stty size)" = "42 120" ]; do sleep 0.1; done; echo "it" "follows"`, "it follows")
	// A shell of its own dies of an interrupt from its first word on; an interrupt
	// between two commands of one line goes to whom the shell has just made.
	say(`sh -c 'echo "it" "sleeps"; exec sleep 1000'`, "it sleeps")
	say("\x03", "^C") // which throws away what was typed before
	say(`echo "interrupted" "$?"`, "interrupted 130")
	fmt.Fprintln(person, "exit 9")
	_ = shell.Wait()
	if code := shell.ProcessState.ExitCode(); code != 9 {
		t.Errorf("the exit code is %d", code)
	}
	if after := modes(t, screen); after != before {
		t.Errorf("the terminal is left otherwise: %+v, not %+v", after, before)
	}

	if out, err := exec.Command(program, "help", "shell").Output(); err != nil || !strings.Contains(string(out), "colab-tray shell [-- COMMAND]") {
		t.Errorf("help: %s, %v", out, err)
	}
}

// openTerminal returns both ends of a new terminal: the person's and the program's.
func openTerminal(t *testing.T) (person, screen *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = person.Close() })
	if err := unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	screen, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = screen.Close() })
	return person, screen
}

func resize(t *testing.T, person *os.File, rows, columns uint16) {
	t.Helper()
	if err := unix.IoctlSetWinsize(int(person.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: rows, Col: columns}); err != nil {
		t.Fatal(err)
	}
}

func modes(t *testing.T, screen *os.File) unix.Termios {
	t.Helper()
	now, err := unix.IoctlGetTermios(int(screen.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return *now
}
