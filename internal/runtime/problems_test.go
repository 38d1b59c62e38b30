package runtime

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"colabtray/internal/config"
	"colabtray/internal/engine"
)

// TestProblemsNameTheEngine: on Podman no problem speaks of Docker.
func TestProblemsNameTheEngine(t *testing.T) {
	info := engine.Info{Name: "Podman", Host: "unix:///run/user/1/podman/podman.sock", Found: "socket of Podman", Command: "podman"}
	for _, err := range []error{
		engine.ErrUnreachable, engine.ErrSilent, engine.ErrPermission, engine.ErrTooOld, engine.ErrImageNotFound, engine.ErrNetwork, engine.ErrDiskFull, engine.ErrPlatform, engine.ErrNoFolder, errors.New("else"),
		fmt.Errorf("%w: x509", engine.ErrNetwork), fmt.Errorf("%w: <html>", engine.ErrNetwork),
	} {
		p := engine.OperationProblem(config.Default(), info, err)
		text := strings.NewReplacer("install Docker", "", "Docker 19.03", "", "DOCKER_HOST", "", "docs.docker.com", "", "/etc/docker/certs.d", "").Replace(p.Short + p.Hint + p.Command)
		if strings.Contains(strings.ToLower(text), "docker") {
			t.Errorf("%v: %+v", err, p)
		}
	}
	if p := deathProblem(engine.Container{OOMKilled: true}, engine.Info{Name: "Podman"}, nil, true); strings.Contains(p.Hint, "Docker") {
		t.Errorf("out of memory: %+v", p)
	}
}
