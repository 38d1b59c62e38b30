package runtime

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
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
		p := engineProblem(EngineInfo{Name: "Docker", Host: host, Found: "DOCKER_HOST"}, engineError(fmt.Errorf("dial: %w", fs.ErrPermission)))
		if p.Code != CodePermission || !strings.Contains(p.Command, command) || !strings.Contains(p.Hint, strings.TrimPrefix(host, "unix://")) {
			t.Errorf("%s: the problem is %+v", host, p)
		}
	}
}
