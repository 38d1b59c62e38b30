//go:build unix

package config

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestPipesAndDevicesAreRefused: as the settings file and as env_file, through each
// function that reads one, and also behind a link.
func TestPipesAndDevicesAreRefused(t *testing.T) {
	dir := t.TempDir()
	pipe, link := filepath.Join(dir, "pipe"), filepath.Join(dir, "link")
	if err := errors.Join(syscall.Mkfifo(pipe, 0o600), os.Symlink(pipe, link)); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{pipe, link, "/dev/zero", "/dev/tty"} {
		for what, use := range map[string]func() error{
			"open": func() error { _, err := OpenRegular(path); return err },
			"load": func() error { _, err := Load(Sources{File: path}); return err },
			"show": func() error { _, err := Show(Sources{File: path}); return err },
			"set":  func() error { return Set(path, []string{"profile"}, "classic") },
			"env_file": func() error {
				_, err := Load(Sources{File: write(t, "[profiles.jupyter]\nenv_file='"+path+"'")})
				return err
			},
		} {
			if err := use(); err == nil || !strings.HasSuffix(strings.TrimSuffix(err.Error(), ". It has lines of NAME=value, as for docker run --env-file"), "it is not a regular file") {
				t.Errorf("%s of %s: %v", what, path, err)
			}
		}
		if got := LanguageIn(path); got != LanguageAuto {
			t.Errorf("the language in %s is %s", path, got)
		}
	}
}

// otherGroup is a group that is not the private group of any user.
const otherGroup = 1

// TestWhatOthersCanChangeIsRefused: the settings file decides what runs with the
// person's rights.
func TestWhatOthersCanChangeIsRefused(t *testing.T) {
	for what, c := range map[string]struct {
		make    func(dir, file string) error // what others could do
		short   string
		command string
	}{
		"nobody else": {func(_, _ string) error { return nil }, "", ""},
		"others read": {func(dir, file string) error { return errors.Join(os.Chmod(file, 0o644), os.Chmod(dir, 0o755)) }, "", ""},
		"all write":   {func(_, file string) error { return os.Chmod(file, 0o602) }, "others than you can change it", "chmod go-w FILE"},
		"a group writes": {func(_, file string) error {
			return errors.Join(os.Chown(file, -1, otherGroup), os.Chmod(file, 0o620))
		}, "others than you can change it", "chmod go-w FILE"},
		"the directory": {func(dir, _ string) error { return os.Chmod(dir, 0o777) }, "others than you can change the files of its directory", "chmod go-w DIR"},
		"the directory of a link": {func(dir, file string) error {
			moved := filepath.Join(dir, "moved")
			between := filepath.Join(dir, "between")
			return errors.Join(os.Mkdir(between, 0o700), os.Rename(file, moved), os.Symlink(moved, filepath.Join(between, "link")),
				os.Symlink("between/link", file), os.Chmod(between, 0o777))
		}, "others than you can change the files of its directory", "chmod go-w DIR/between"},
		"of somebody":             {func(_, file string) error { return os.Chown(file, 1234, -1) }, "belongs to somebody else", "sudo chown -h ME FILE"},
		"a directory of somebody": {func(dir, _ string) error { return os.Chown(dir, 1234, -1) }, "belongs to somebody else", "sudo chown -h ME DIR"},
		"a directory as /tmp":     {func(dir, _ string) error { return os.Chmod(dir, 0o777|os.ModeSticky) }, "", ""},
		"a link of somebody there": {func(dir, file string) error {
			moved := filepath.Join(dir, "moved")
			return errors.Join(os.Chmod(dir, 0o777|os.ModeSticky), os.Rename(file, moved), os.Symlink(moved, file), os.Lchown(file, 1234, -1))
		}, "belongs to somebody else", "sudo chown -h ME FILE"},
	} {
		for kind, use := range map[string]func(file string) error{
			"settings": func(file string) error { _, err := Load(Sources{File: file}); return err },
			"set":      func(file string) error { return Set(file, []string{"preferences", "icon"}, IconDark) },
			"env_file": func(file string) error {
				_, err := Load(Sources{File: write(t, "[profiles.jupyter]\nenv_file="+quote(file))})
				return err
			},
		} {
			dir := filepath.Join(t.TempDir(), "it's")
			file := filepath.Join(dir, "env")
			text := "#\n"
			if err := errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(file, []byte(text), 0o600)); err != nil {
				t.Fatal(err)
			}
			if err := c.make(dir, file); err != nil {
				if os.Getuid() != 0 && errors.Is(err, os.ErrPermission) {
					continue // only root gives files away
				}
				t.Fatal(err)
			}
			err := use(file)
			if c.short == "" {
				if err != nil {
					t.Errorf("%s, %s: %v", what, kind, err)
				}
				continue
			}
			var e *Error
			command := strings.NewReplacer("FILE", ShellWord(file), "DIR/between", ShellWord(filepath.Join(dir, "between")), "DIR", ShellWord(dir), "ME", strconv.Itoa(os.Getuid())).Replace(c.command)
			if !errors.As(err, &e) || !strings.Contains(e.Short, c.short) || e.Command != command {
				t.Errorf("%s, %s: got %#v, want %s", what, kind, err, command)
			}
		}
	}
}
