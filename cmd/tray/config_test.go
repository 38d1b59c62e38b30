//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"colabtray/test/testenv"
)

// newSettings is a terminal without an engine, which settings do not need, and
// the path of its settings file.
func newSettings(t *testing.T) (c *terminal, file string) {
	t.Helper()
	home := t.TempDir()
	return &terminal{t, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "XDG_CONFIG_HOME=" + home + "/config"}}, home + "/config/colab-tray/config.toml"
}

func TestConfig(t *testing.T) {
	t.Parallel()
	c, file := newSettings(t)
	out, _ := c.run(0, "config", "path")
	if out != file+"\n" {
		t.Errorf("the path is %q", out)
	}
	out, _ = c.run(0, "config", "check")
	if out != file+": no problem; there is no such file, so the defaults are in force\n" {
		t.Errorf("without a file: %q", out)
	}
	out, _ = c.run(0, "config", "init")
	if out != file+"\n" {
		t.Errorf("init printed %q", out)
	}
	written, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	has(t, string(written), "#[profiles.jupyter]", "#[preferences]")
	out, errs := c.run(1, "config", "init")
	if out != "" || errs != "colab-tray: "+file+": there is a settings file already, which is kept. Run 'colab-tray config edit' to change it.\n" {
		t.Errorf("init again: %q, %q", out, errs)
	}
	out, _ = c.run(0, "config", "check")
	if out != file+": no problem\n" {
		t.Errorf("check: %q", out)
	}

	c.set("COLAB_TRAY_PORT=1234")
	c.write(file, "[profiles.jupyter]\nenv = {A = 'hunter2'}\n[preferences]\nicon = 'dark'\n")
	out, _ = c.run(0, "config", "show", "--name", "me")
	if strings.Contains(out, "hunter2") {
		t.Error("a value of env was shown")
	}
	words := strings.Join(strings.Fields(out), " ")
	has(t, words, "[profiles.jupyter]", `name = "me" # --name`, "port = 1234 # COLAB_TRAY_PORT", `env = {A = "[redacted]"} # line 2`, `icon = "dark" # line 4`, "cpus = 0.0 # default")

	c.write(file, "[profiles.jupyter]\ntoken = 'hunter2'\n")
	for _, sub := range []string{"check", "show"} {
		out, errs = c.run(1, "config", sub)
		if out != "" || !strings.HasPrefix(errs, "colab-tray: "+file+":2: profiles.jupyter.token: ") || strings.Contains(errs, "hunter2") {
			t.Errorf("%s of a broken file: %q, %q", sub, out, errs)
		}
	}
	c.run(0, "config", "path")

	c.write(file, "[profiles.jupyter]\nfolders = [{host = '/', path = '/host'}]\n")
	out, errs = c.run(0, "config", "check")
	if out != file+": no problem\n" || !strings.HasPrefix(errs, "Warning: The profile jupyter opens the whole disk to its runtime") || strings.Count(errs, "\n") != 1 {
		t.Errorf("a folder that opens the disk: %q, %q", out, errs)
	}
	if err := os.Chmod(file, 0o606); err != nil {
		t.Fatal(err)
	}
	_, errs = c.run(1, "config", "check")
	if want := "colab-tray: " + file + ": others than you can change it. It says what is run with your rights, so that nobody else may change it.\n    chmod go-w " + file + "\n"; errs != want {
		t.Errorf("a file that others can write: %q, want %q", errs, want)
	}
}

func (c *terminal) write(path, text string) {
	c.t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

// TestConfigEdit: in a terminal, with an editor that changes the file.
func TestConfigEdit(t *testing.T) {
	t.Parallel()
	_, err := exec.LookPath("script")
	testenv.Need(t, "script, of util-linux, to be in a terminal", err == nil)
	c, file := newSettings(t)
	editor := filepath.Join(t.TempDir(), "an editor") // with a blank in its path
	edit := func(want int, text string) string {
		t.Helper()
		c.write(editor, "#!/bin/sh\nprintf '"+text+"' >>\"$1\"\n")
		if err := os.Chmod(editor, 0o700); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), "script", "--quiet", "--return", "--command", program+" config edit", "/dev/null")
		cmd.Env = c.env
		out, _ := cmd.CombinedOutput()
		if got := cmd.ProcessState.ExitCode(); got != want {
			t.Fatalf("exit code %d, not %d: %s", got, want, out)
		}
		return strings.ReplaceAll(string(out), "\r\n", "\n")
	}
	c.set("VISUAL=" + editor)
	if out := edit(0, `profile = "classic"\n`); out != file+": no problem\n" {
		t.Errorf("got %q", out)
	}
	written, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	has(t, string(written), "#[profiles.jupyter]", "\nprofile = \"classic\"\n")
	c.set("VISUAL=")
	plain := filepath.Join(t.TempDir(), "editor")
	if err := os.Symlink(editor, plain); err != nil {
		t.Fatal(err)
	}
	c.set("EDITOR=env WITH=arguments " + plain)
	if out := edit(0, `[preferences]\nicon = "dark"\n`); out != file+": no problem\n" {
		t.Errorf("got %q", out)
	}
	c.set("EDITOR=false")
	if out := edit(1, ""); out != "colab-tray: "+file+": the editor failed: exit status 1. Set EDITOR to another, or open the file yourself.\n" {
		t.Errorf("got %q", out)
	}
	c.set("EDITOR=")
	usual := t.TempDir()
	c.set("PATH=" + usual)
	for _, name := range []string{"vi", "nano", "sensible-editor"} { // the better one each
		c.write(filepath.Join(usual, name), "#!/bin/sh\necho "+name+"\n")
		if err := os.Chmod(filepath.Join(usual, name), 0o700); err != nil {
			t.Fatal(err)
		}
		if out := edit(0, ""); out != name+"\n"+file+": no problem\n" {
			t.Errorf("got %q", out)
		}
	}
	c.set("EDITOR=" + editor)
	if out := edit(1, `port = 1\n`); !strings.HasPrefix(out, "colab-tray: "+file+":") || !strings.Contains(out, "port: there is no such setting") {
		t.Errorf("got %q", out)
	}
}

// TestConfigEditNowhere: without a terminal, and without a desktop.
func TestConfigEditNowhere(t *testing.T) {
	c, file := newSettings(t)
	c.set("PATH=/nonexistent")
	c.set("EDITOR=true")
	out, errs := c.run(1, "config", "edit")
	if out != "" || !strings.HasPrefix(errs, "colab-tray: "+file+": the editor failed: ") || !strings.Contains(errs, "Set EDITOR") {
		t.Errorf("got %q, %q", out, errs)
	}
}
