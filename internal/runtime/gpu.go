package runtime

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/container"
	systemtypes "github.com/docker/docker/api/types/system"

	"colabtray/internal/config"
	"colabtray/internal/words"
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
func gpuProblem(p config.Profile, err error, s gpuScene) *Problem {
	text := strings.ToLower(err.Error())
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
	}
	if !has("could not select device driver", "nvidia", "cdi device") {
		return nil
	}
	problem := &Problem{Code: CodeGPU, Err: err}
	say := func(short, hint, command string) {
		without := words.Say("problem.gpuOrWithout", "hint", hint, "command", p.CommandLine("start", "--no-gpu"))
		problem.Short, problem.Hint, problem.Command = short, without, command
	}
	const guide = "https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/install-guide.html"
	switch {
	case s.os == "darwin":
		say(words.Say("problem.gpuMac"), words.Say("problem.gpuMacHint"), "colab-tray config edit")
	case has("unknown device"):
		say(words.Say("problem.gpuUnknown"), words.Say("problem.gpuUnknownHint"), "nvidia-smi -L")
	case has("version mismatch"):
		say(words.Say("problem.gpuReboot"), words.Say("problem.gpuRebootHint"), "sudo reboot")
	case s.local && !s.driver, has("driver not loaded", "libnvidia-ml.so", "no adapters were found"):
		say(words.Say("problem.gpuNoDriver"), words.Say("problem.gpuNoDriverHint"), "nvidia-smi")
	case s.kind.Snap:
		say(words.Say("problem.gpuSnap"), words.Say("problem.gpuSnapHint"), "snap list docker")
	case s.kind.Rootless && !s.kind.Podman && has("operation not permitted", "cgroup", "permission denied"):
		say(words.Say("problem.gpuRootless"), words.Say("problem.gpuRootlessHint"),
			"sudo nvidia-ctk config --set nvidia-container-cli.no-cgroups --in-place")
	case s.kind.Podman || has("cdi device", `"cdi"`):
		say(words.Say("problem.gpuNoCDI"), words.Say("problem.gpuNoCDIHint", "guide", guide),
			"sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml")
	case s.kind.Desktop:
		say(words.Say("problem.gpuDesktop"), words.Say("problem.gpuDesktopHint"), "")
	case s.kind.Rootless:
		say(words.Say("problem.gpuNoToolkit"), words.Say("problem.gpuNoToolkitRootlessHint", "guide", guide),
			"nvidia-ctk runtime configure --runtime=docker --config=$HOME/.config/docker/daemon.json && systemctl --user restart docker")
	default:
		say(words.Say("problem.gpuNoToolkit"), words.Say("problem.gpuNoToolkitHint", "guide", guide),
			"sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker")
	}
	return problem
}

// gpuProblem is the function of that name for the engine at hand.
func (o *operation) gpuProblem(ctx context.Context, err error) *Problem {
	if gpuProblem(o.profile, err, gpuScene{}) == nil {
		return nil // it need not be asked
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTime)
	defer cancel()
	kind, askErr := o.engine.Kind(ctx)
	s := thisComputer()
	s.kind = kind
	s.local = s.os == "linux" && askErr == nil && !kind.Desktop && strings.HasPrefix(o.engine.Host(), "unix://")
	return gpuProblem(o.profile, err, s)
}
