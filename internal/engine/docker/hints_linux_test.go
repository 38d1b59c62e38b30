package docker

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"
	"testing"
	"time"

	"colabtray/internal/engine"
	"colabtray/internal/problem"

	"golang.org/x/sys/unix"
)

func TestPermissionDenied(t *testing.T) {
	for host, command := range map[string]string{
		"unix:///var/run/docker.sock":                  "usermod -aG docker",
		"unix:///run/docker.sock":                      "usermod -aG docker",
		"unix:///run/podman/podman.sock":               "systemctl --user enable --now podman.socket",
		"unix:///run/user/1001/podman/podman.sock":     "systemctl --user enable --now podman.socket",
		"unix:///run/user/1001/docker.sock":            "dockerd-rootless-setuptool.sh install",
		"unix:///home/her/.colima/default/docker.sock": "dockerd-rootless-setuptool.sh install",
	} {
		p := engine.ConnectProblem(engine.Info{Name: "Docker", Host: host, Found: "DOCKER_HOST"}, engineError(fmt.Errorf("dial: %w", fs.ErrPermission)))
		if p.Code != problem.Permission || !strings.Contains(p.Command, command) || !strings.Contains(p.Hint, strings.TrimPrefix(host, "unix://")) {
			t.Errorf("%s: the problem is %+v", host, p)
		}
	}
}

// TestStartCommand: what starts an engine, or restarts one that hangs, goes by the
// address; of others only their owner knows.
func TestStartCommand(t *testing.T) {
	for host, want := range map[string][2]string{
		"unix:///var/run/docker.sock":                 {"sudo systemctl start docker", "sudo systemctl restart docker"},
		"unix:///run/user/7/docker.sock":              {"systemctl --user start docker", "systemctl --user restart docker"},
		"unix:///run/user/7/podman/podman.sock":       {"systemctl --user start podman.socket", "systemctl --user restart podman.service"},
		"unix://" + engine.RootPodman:                 {"sudo systemctl start podman.socket", "sudo systemctl restart podman.service"},
		"unix:///home/me/.docker/desktop/docker.sock": {"systemctl --user start docker-desktop", "systemctl --user restart docker-desktop"},
		"unix:///home/me/.colima/default/docker.sock": {},
		"tcp://127.0.0.1:2375":                        {},
	} {
		e := engine.Info{Name: "Docker", Host: host, Found: "DOCKER_HOST"}
		away, hangs := engine.ConnectProblem(e, engine.ErrUnreachable), engine.ConnectProblem(e, engine.ErrSilent)
		if want[0] == "" {
			want[0] = "unset DOCKER_HOST" // which leads there
		}
		if away.Command != want[0] || hangs.Command != want[1] {
			t.Errorf("%s: %q and %q", host, away.Command, hangs.Command)
		}
	}
}

// TestEngineThatCannotBeConnectedTo: a machine that drops what is sent to it is not
// one that is there and silent.
func TestEngineThatCannotBeConnectedTo(t *testing.T) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := errors.Join(unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), unix.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprintf("127.0.0.1:%d", name.(*unix.SockaddrInet4).Port)
	for { // until its queue is full, and it drops the next
		c, err := net.DialTimeout("tcp", address, 300*time.Millisecond)
		if err != nil {
			break
		}
		defer c.Close()
	}
	d, err := New("tcp://" + address)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err = d.Connect(ctx)
	if p := engine.ConnectProblem(d.Which(), err); p.Code != problem.NoEngine {
		t.Errorf("the problem is %+v (%v)", p, err)
	}
}
