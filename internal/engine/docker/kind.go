package docker

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	systemtypes "github.com/docker/docker/api/types/system"
	"github.com/docker/docker/api/types/versions"

	"colabtray/internal/engine"
	"colabtray/internal/i18n"
)

// kindTime limits the question how Docker was installed. The program can do without the
// answer.
const kindTime = 2 * time.Second

// dockerKind asks Docker how it was installed.
func (d *Engine) dockerKind(ctx context.Context) (engine.Kind, error) {
	ctx, cancel := context.WithTimeout(ctx, kindTime)
	defer cancel()
	info, err := d.api.Load().Info(ctx)
	return kindOf(info, false), engineError(err)
}

// kindOf reads the installation kind from Docker's information.
func kindOf(info systemtypes.Info, podman bool) engine.Kind {
	return engine.Kind{
		Podman:   podman,
		Rootless: slices.ContainsFunc(info.SecurityOptions, func(o string) bool { return strings.Contains(o, "rootless") }),
		Snap:     strings.HasPrefix(info.DockerRootDir, "/var/snap/"),
		Desktop:  strings.Contains(info.OperatingSystem, "Desktop"),
	}
}

// podmanKind asks Podman how it was installed, and whether it can map users: Podman can
// since 4.3, unless it runs as root.
func (d *Engine) podmanKind(ctx context.Context) (kind engine.Kind, mapsUsers bool, err error) {
	kind.Podman = true
	request, err := d.libpodRequest(ctx, http.MethodGet, "info", nil)
	if err != nil {
		return kind, false, err
	}
	response, err := d.api.Load().HTTPClient().Do(request)
	if err != nil {
		return kind, false, engineError(err)
	}
	defer response.Body.Close()
	var info struct {
		Host struct {
			Security struct {
				Rootless bool `json:"rootless"`
			} `json:"security"`
		} `json:"host"`
		Version struct{ Version string }
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(&info); err != nil {
		return kind, false, fmt.Errorf("%s: %w", i18n.T("problem.answerNotUnderstood"), err)
	}
	kind.Rootless = info.Host.Security.Rootless
	return kind, kind.Rootless && versions.GreaterThanOrEqualTo(info.Version.Version, "4.3"), nil
}
