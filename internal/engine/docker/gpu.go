package docker

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	systemtypes "github.com/docker/docker/api/types/system"
	"github.com/docker/docker/api/types/versions"

	"colabtray/internal/config"
	"colabtray/internal/engine"
)

// gpuRequests asks for GPUs in the way that this engine understands.
func (d *Engine) gpuRequests(ctx context.Context, g config.GPU) ([]container.DeviceRequest, error) {
	if g.None() || d.podman.Load() {
		return gpuRequests(g, true), nil
	}
	api := d.api.Load()
	info, err := api.Info(ctx)
	if err != nil {
		return nil, engineError(err)
	}
	return gpuRequests(g, wantsCDI(info, versions.GreaterThanOrEqualTo(api.ClientVersion(), "1.50"))), nil
}

// gpuRequests asks for GPUs in Docker's own way, which NVIDIA's container
// toolkit answers, or by CDI, the way of Podman and of a Docker without the
// toolkit's hook.
func gpuRequests(g config.GPU, cdi bool) []container.DeviceRequest {
	switch {
	case g.None():
		return nil
	case cdi:
		return []container.DeviceRequest{{Driver: "cdi", DeviceIDs: cdiDevices(g)}}
	}
	r := container.DeviceRequest{Capabilities: [][]string{{"gpu"}}}
	switch {
	case g.All:
		r.Count = -1
	case len(g.IDs) > 0:
		r.DeviceIDs = g.IDs
	default:
		r.Count = g.Count
	}
	return []container.DeviceRequest{r}
}

// cdiDevices names GPUs as `nvidia-ctk cdi generate` does. CDI knows no count,
// so that many are taken from the first on.
func cdiDevices(g config.GPU) []string {
	const kind = "nvidia.com/gpu="
	var names []string
	switch {
	case g.All:
		return []string{kind + "all"}
	case len(g.IDs) > 0:
		for _, id := range g.IDs {
			names = append(names, kind+id)
		}
	default:
		for i := range g.Count {
			names = append(names, fmt.Sprint(kind, i))
		}
	}
	return names
}

// wantsCDI reports whether a Docker gives GPUs by CDI alone: it found some that
// way or, before it could say so (API 1.50), somebody switched CDI on and set up
// no runtime of NVIDIA's.
func wantsCDI(info systemtypes.Info, told bool) bool {
	if told {
		return slices.ContainsFunc(info.DiscoveredDevices, func(d systemtypes.DeviceInfo) bool {
			return d.Source == "cdi" && strings.HasPrefix(d.ID, "nvidia.com/gpu=")
		})
	}
	_, set := info.Runtimes["nvidia"]
	return len(info.CDISpecDirs) > 0 && !set
}

// kindTime is how long a Docker may take to say how it was installed, which can
// do without.
const kindTime = 2 * time.Second

// dockerKind asks a Docker how it was installed.
func (d *Engine) dockerKind(ctx context.Context) (engine.Kind, error) {
	ctx, cancel := context.WithTimeout(ctx, kindTime)
	defer cancel()
	info, err := d.api.Load().Info(ctx)
	return kindOf(info, false), engineError(err)
}

// kindOf reads what the engine says of itself.
func kindOf(info systemtypes.Info, podman bool) engine.Kind {
	return engine.Kind{
		Podman:   podman,
		Rootless: slices.ContainsFunc(info.SecurityOptions, func(o string) bool { return strings.Contains(o, "rootless") }),
		Snap:     strings.HasPrefix(info.DockerRootDir, "/var/snap/"),
		Desktop:  strings.Contains(info.OperatingSystem, "Desktop"),
	}
}
