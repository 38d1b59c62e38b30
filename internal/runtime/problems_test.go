package runtime

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"colabtray/internal/config"
)

// TestProblemsNameTheEngine: on Podman no problem speaks of Docker.
func TestProblemsNameTheEngine(t *testing.T) {
	info := EngineInfo{Name: "Podman", Host: "unix:///run/user/1/podman/podman.sock", Found: "socket of Podman", Command: "podman"}
	for _, err := range []error{
		ErrUnreachable, ErrSilent, ErrPermission, ErrTooOld, ErrImageNotFound, ErrNetwork, ErrDiskFull, ErrPlatform, ErrNoFolder, errors.New("else"),
		fmt.Errorf("%w: x509", ErrNetwork), fmt.Errorf("%w: <html>", ErrNetwork),
	} {
		p := operationProblem(config.Default(), info, err)
		text := strings.NewReplacer("install Docker", "", "Docker 19.03", "", "DOCKER_HOST", "", "docs.docker.com", "", "/etc/docker/certs.d", "").Replace(p.Short + p.Hint + p.Command)
		if strings.Contains(strings.ToLower(text), "docker") {
			t.Errorf("%v: %+v", err, p)
		}
	}
	if p := deathProblem(Container{OOMKilled: true}, EngineInfo{Name: "Podman"}, nil, true); strings.Contains(p.Hint, "Docker") {
		t.Errorf("out of memory: %+v", p)
	}
}
