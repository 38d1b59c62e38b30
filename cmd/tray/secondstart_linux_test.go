package main

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"testing"

	"colabtray/internal/config"
	"colabtray/internal/desktop"
	"colabtray/test/testenv"
)

// TestSecondStart starts the program beside a tray that is asked to start its
// runtime at opening: it asks that tray, and does nothing else.
func TestSecondStart(t *testing.T) {
	home, err := os.MkdirTemp("", "ct") // whose path leaves room for the name of a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	engine, err := net.Listen("unix", home+"/engine.sock")
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan struct{})
	go func() {
		if c, err := engine.Accept(); err == nil {
			close(asked)
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { _ = engine.Close() })
	c := &terminal{t, []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "DOCKER_HOST=unix://" + home + "/engine.sock",
		"XDG_CONFIG_HOME=" + home + "/config", "XDG_STATE_HOME=" + home + "/state", "XDG_RUNTIME_DIR=" + home,
		"DBUS_SESSION_BUS_ADDRESS=" + testenv.SessionBus(t),
	}}
	c.settings("start_at_open = true\n")

	t.Setenv("XDG_RUNTIME_DIR", home)
	dir := config.RuntimeDir()
	if err := config.EnsurePrivateDir(dir); err != nil {
		t.Fatal(err)
	}
	release, first, err := desktop.Acquire(dir)
	if err != nil || !first {
		t.Fatalf("the lock: %v, %v", first, err)
	}
	defer release()
	ctx, end := context.WithCancel(t.Context())
	answered := make(chan error, 1)
	go func() {
		answered <- desktop.ServeQueries(ctx, dir, func(context.Context, desktop.Query) string { return "it is doing well" })
	}()
	testenv.WaitFor(t, "the first one", func() error { return exists(filepath.Join(dir, "instance.sock")) })

	_, message := c.run(0)
	has(t, message, "it is doing well")
	if err := exists(home + "/state"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it has a log, or looked for one: %v", err)
	}
	select {
	case <-asked:
		t.Error("it asked the engine")
	default:
	}
	// Not even settings that are wrong keep it from asking.
	c.settings("profile = 7\n")
	_, message = c.run(0)
	has(t, message, "it is doing well")
	end()
	if err := <-answered; err != nil {
		t.Error(err)
	}
}

func exists(path string) error {
	_, err := os.Stat(path)
	return err
}

// TestNoTrayInGerman says in German why there is no tray, and why nothing else
// goes either.
func TestNoTrayInGerman(t *testing.T) {
	home := t.TempDir()
	c := &terminal{t, []string{
		"PATH=" + home, "HOME=" + home, "LANG=de_DE.UTF-8", "DOCKER_HOST=unix://" + home + "/none.sock",
		"DBUS_SESSION_BUS_ADDRESS=unix:path=" + home + "/none",
	}}
	_, message := c.run(1)
	has(t, message, "(kein Sitzungsbus)")
	// The words of the standard library are English.
	c.set("XDG_CONFIG_HOME=/proc/none")
	_, message = c.run(1, "config", "edit")
	has(t, message, "nicht vorhanden")
	c.set("XDG_CONFIG_HOME=" + home)
	_, message = c.run(1, "config", "edit")
	has(t, message, "xdg-open: das Programm fehlt")
}
