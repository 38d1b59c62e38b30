package docker

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/container"
	systemtypes "github.com/docker/docker/api/types/system"
	"github.com/docker/docker/api/types/versions"

	"colabtray/internal/config"
)

// gpuRequests requests GPUs in the form that this engine understands.
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

// gpuRequests requests GPUs in one of two forms: Docker's own, which NVIDIA's container
// toolkit serves, or CDI, for Podman and for a Docker without the toolkit's hook.
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

// cdiDevices names GPUs as `nvidia-ctk cdi generate` does. CDI has no count, so a count
// of n means the first n GPUs.
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

// wantsCDI reports whether a Docker provides GPUs only by CDI. From API 1.50 on Docker
// lists the devices that it found. For an older one, CDI must be enabled and NVIDIA's
// runtime must not be configured.
func wantsCDI(info systemtypes.Info, listsDevices bool) bool {
	if listsDevices {
		return slices.ContainsFunc(info.DiscoveredDevices, func(d systemtypes.DeviceInfo) bool {
			return d.Source == "cdi" && strings.HasPrefix(d.ID, "nvidia.com/gpu=")
		})
	}
	_, hasRuntime := info.Runtimes["nvidia"]
	return len(info.CDISpecDirs) > 0 && !hasRuntime
}
