package docker

import (
	"context"
	"encoding/json"
	"errors"
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

// podmanIdentity asks Podman which one it is, how it was installed, and whether it can map
// users: Podman can since 4.3, unless it runs as root. Each answer about itself takes Podman
// a while, for it runs several programs, so this is the only one.
func podmanIdentity(ctx context.Context, api *apiClient) (engine.Info, error) {
	request, err := libpodRequest(ctx, api, http.MethodGet, "info", nil)
	if err != nil {
		return engine.Info{}, err
	}
	response, err := api.HTTPClient().Do(request)
	if err != nil {
		return engine.Info{}, engineError(err)
	}
	defer response.Body.Close()
	var told struct {
		Host struct {
			Arch     string `json:"arch"`
			Security struct {
				Rootless bool `json:"rootless"`
			} `json:"security"`
		} `json:"host"`
		Version struct{ Version string }
	}
	err = json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(&told)
	version := told.Version.Version
	if err == nil && (response.StatusCode != http.StatusOK || version == "") {
		err = errors.New(response.Status)
	}
	if err != nil {
		return engine.Info{}, fmt.Errorf("%s: %w", i18n.T("problem.answerNotUnderstood"), err)
	}
	rootless := told.Host.Security.Rootless
	return engine.Info{
		Name: "Podman", Version: version, API: api.ClientVersion(), Arch: told.Host.Arch, Host: api.DaemonHost(),
		Kind: engine.Kind{Podman: true, Rootless: rootless}, MapsUsers: rootless && versions.GreaterThanOrEqualTo(version, "4.3"),
	}, nil
}
