package runtime

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/container"
	systemtypes "github.com/docker/docker/api/types/system"

	"colabtray/internal/config"
)

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

// EngineKind tells how an engine was installed, as far as GPUs depend on it.
type EngineKind struct {
	Podman   bool
	Rootless bool
	Snap     bool // Docker from the snap store
	Desktop  bool // in a virtual machine, such as Docker Desktop's
}

// kindOf reads what the engine says of itself.
func kindOf(info systemtypes.Info, podman bool) EngineKind {
	return EngineKind{
		Podman:   podman,
		Rootless: slices.ContainsFunc(info.SecurityOptions, func(o string) bool { return strings.Contains(o, "rootless") }),
		Snap:     strings.HasPrefix(info.DockerRootDir, "/var/snap/"),
		Desktop:  strings.Contains(info.OperatingSystem, "Desktop"),
	}
}

// gpuScene is what it depends on why there is no GPU.
type gpuScene struct {
	kind   EngineKind
	os     string // of this computer, in Go's words
	local  bool   // the engine runs right on this computer
	driver bool   // this computer has NVIDIA's driver
}

// gpuProblem tells which part is missing when the engine's words are about a
// GPU that it could not give; nil when they are about something else.
func gpuProblem(err error, s gpuScene) *Problem {
	text := strings.ToLower(err.Error())
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
	}
	if !has("could not select device driver", "nvidia", "cdi device") {
		return nil
	}
	p := &Problem{Code: CodeGPU, Err: err}
	say := func(short, hint, command string) {
		p.Short, p.Hint, p.Command = short, hint+" Or start without a GPU: colab-tray start --no-gpu", command
	}
	const guide = "https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/install-guide.html"
	switch {
	case s.os == "darwin":
		say("Containers have no GPU on a Mac", "No engine can give a Mac's GPU to a container. Set gpu to off in the settings.", "colab-tray config edit")
	case has("unknown device"):
		say("There is no such GPU", "The settings ask for a GPU, or for more of them, than this computer has. The command shows those that there are.", "nvidia-smi -L")
	case has("version mismatch"):
		say("The NVIDIA driver waits for a restart", "It was updated, and the one that runs is still the old one. Restart the computer.", "sudo reboot")
	case s.local && !s.driver, has("driver not loaded", "libnvidia-ml.so", "no adapters were found"):
		say("There is no NVIDIA driver", "The GPU needs NVIDIA's driver (https://www.nvidia.com/drivers). Once it works, the command lists the GPU.", "nvidia-smi")
	case s.kind.Snap:
		say("Docker from the snap store finds no GPU", "The container toolkit cannot set it up. Install Docker from https://docs.docker.com/engine/install/ instead; "+
			"what is in the volumes of this one does not come along.", "snap list docker")
	case s.kind.Rootless && !s.kind.Podman && has("operation not permitted", "cgroup", "permission denied"):
		say("Rootless Docker may not give out the GPU", "NVIDIA's container toolkit has to leave cgroups alone there. Set it up so, and start again.",
			"sudo nvidia-ctk config --set nvidia-container-cli.no-cgroups --in-place")
	case s.kind.Podman || has("cdi device", `"cdi"`):
		say("The GPU is not set up for containers", "NVIDIA's container toolkit ("+guide+") describes the GPU for the engine with this command:",
			"sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml")
	case s.kind.Desktop:
		say("Docker Desktop finds no GPU", "On Windows it gives an NVIDIA GPU to containers with the WSL 2 backend and a current driver (https://docs.docker.com/desktop/features/gpu/).", "")
	case s.kind.Rootless:
		say("NVIDIA's container toolkit is missing", "Install it ("+guide+") and set it up for the rootless Docker:",
			"nvidia-ctk runtime configure --runtime=docker --config=$HOME/.config/docker/daemon.json && systemctl --user restart docker")
	default:
		say("NVIDIA's container toolkit is missing", "Docker needs it to give the GPU to a container. Install it ("+guide+") and set it up:",
			"sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker")
	}
	return p
}

// gpuProblem is the function of that name for the engine at hand.
func (o *operation) gpuProblem(ctx context.Context, err error) *Problem {
	if gpuProblem(err, gpuScene{}) == nil {
		return nil // it need not be asked
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTime)
	defer cancel()
	kind, askErr := o.engine.Kind(ctx)
	s := thisComputer()
	s.kind = kind
	s.local = s.os == "linux" && askErr == nil && !kind.Desktop && strings.HasPrefix(o.engine.Host(), "unix://")
	return gpuProblem(err, s)
}
