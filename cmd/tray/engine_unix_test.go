//go:build unix

package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"colabtray/test/testenv"
)

// TestBarredEngine: who may not use root's Docker, and has an engine of their own,
// uses that, and is told so.
func TestBarredEngine(t *testing.T) {
	t.Parallel()
	testenv.Need(t, "root, to become somebody else", os.Geteuid() == 0)
	info, err := os.Stat("/var/run/docker.sock")
	testenv.Need(t, "a Docker that only some may use", err == nil && info.Mode()&0o006 == 0)
	const otherUser = 54321
	own := newTerminalAt(t, "", "barred", testenv.Notebook6)
	own.set("DOCKER_HOST=")
	home, err := os.MkdirTemp("/tmp", "barred") // a socket's path is short, and others may not enter the test's directories
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	for _, name := range []string{"HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"} {
		own.set(name + "=" + home)
	}
	copied := filepath.Join(home, "program")
	text, err := os.ReadFile(program)
	if err := errors.Join(err, os.WriteFile(copied, text, 0o755), os.MkdirAll(filepath.Join(home, "podman"), 0o755), os.Chown(home, otherUser, otherUser)); err != nil {
		t.Fatal(err)
	}
	status := func() string {
		cmd := own.command(t.Context(), "status")
		cmd.Path = copied
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: otherUser, Gid: otherUser}}
		out, _ := cmd.CombinedOutput()
		return string(out)
	}
	has(t, status(), "You may not use Docker", "/var/run/docker.sock")

	socket := filepath.Join(home, "podman", "podman.sock")
	on, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	engine := strings.TrimPrefix(testenv.Engine(t), "unix://")
	relay := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.Out.URL.Scheme, r.Out.URL.Host = "http", "docker" },
		Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", engine)
		}},
	}
	server := &http.Server{Handler: relay}
	go func() { _ = server.Serve(on) }()
	t.Cleanup(func() { _ = server.Close() })
	if err := os.Chmod(socket, 0o666); err != nil {
		t.Fatal(err)
	}
	has(t, status(), " at unix://"+socket, "You may not use the engine at unix:///var/run/docker.sock, so this one is used")
}
