package runtime

import (
	"slices"
	"strings"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/i18n"
	"colabtray/internal/problem"
)

// gpuContext is what it depends on why there is no GPU.
type gpuContext struct {
	kind   engine.Kind
	os     string // of this computer, in Go's words
	local  bool   // the engine runs right on this computer
	driver bool   // this computer has NVIDIA's driver
}

// gpuProblem tells which part is missing when the engine's words are about a
// GPU that it could not give; nil when they are about something else.
func gpuProblem(p config.Profile, err error, s gpuContext) *problem.Problem {
	text := strings.ToLower(err.Error())
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
	}
	if !has("could not select device driver", "nvidia", "cdi device") {
		return nil
	}
	problem := &problem.Problem{Code: problem.GPU, Err: err}
	say := func(short, hint, command string) {
		without := i18n.T("problem.gpuOrWithout", "hint", hint, "command", p.CommandLine("start", "--no-gpu"))
		problem.Short, problem.Hint, problem.Command = short, without, command
	}
	const guide = "https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/install-guide.html"
	switch {
	case s.os == "darwin":
		say(i18n.T("problem.gpuMac"), i18n.T("problem.gpuMacHint"), "colab-tray config edit")
	case has("unknown device"):
		say(i18n.T("problem.gpuUnknown"), i18n.T("problem.gpuUnknownHint"), "nvidia-smi -L")
	case has("version mismatch"):
		say(i18n.T("problem.gpuReboot"), i18n.T("problem.gpuRebootHint"), "sudo reboot")
	case s.local && !s.driver, has("driver not loaded", "libnvidia-ml.so", "no adapters were found"):
		say(i18n.T("problem.gpuNoDriver"), i18n.T("problem.gpuNoDriverHint"), "nvidia-smi")
	case s.kind.Snap:
		say(i18n.T("problem.gpuSnap"), i18n.T("problem.gpuSnapHint"), "snap list docker")
	case s.kind.Rootless && !s.kind.Podman && has("operation not permitted", "cgroup", "permission denied"):
		say(i18n.T("problem.gpuRootless"), i18n.T("problem.gpuRootlessHint"),
			"sudo nvidia-ctk config --set nvidia-container-cli.no-cgroups --in-place")
	case s.kind.Podman || has("cdi device", `"cdi"`):
		say(i18n.T("problem.gpuNoCDI"), i18n.T("problem.gpuNoCDIHint", "guide", guide),
			"sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml")
	case s.kind.Desktop:
		say(i18n.T("problem.gpuDesktop"), i18n.T("problem.gpuDesktopHint"), "")
	case s.kind.Rootless:
		say(i18n.T("problem.gpuNoToolkit"), i18n.T("problem.gpuNoToolkitRootlessHint", "guide", guide),
			"nvidia-ctk runtime configure --runtime=docker --config=$HOME/.config/docker/daemon.json && systemctl --user restart docker")
	default:
		say(i18n.T("problem.gpuNoToolkit"), i18n.T("problem.gpuNoToolkitHint", "guide", guide),
			"sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker")
	}
	return problem
}

// gpuProblem is the function of that name for the engine at hand.
func (o *operation) gpuProblem(err error) *problem.Problem {
	s := thisComputer()
	s.kind = o.info.Kind
	s.local = s.os == "linux" && o.info.Local && !s.kind.Desktop
	return gpuProblem(o.profile, err, s)
}
