package runtime

import (
	"slices"
	"strings"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/i18n"
	"colabtray/internal/problem"
)

// gpuContext has the facts that decide why a container gets no GPU.
type gpuContext struct {
	kind   engine.Kind
	os     string // of this computer, as GOOS
	local  bool   // the engine runs on this computer, not in a virtual machine
	driver bool   // this computer has NVIDIA's driver
}

// gpuProblem returns the problem of an engine's error that it has no GPU for the
// container: which part is missing. It returns nil for another error.
func gpuProblem(p config.Profile, err error, c gpuContext) *problem.Problem {
	text := strings.ToLower(err.Error())
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
	}
	if !has("could not select device driver", "nvidia", "cdi device") {
		return nil
	}
	problem := &problem.Problem{Code: problem.GPU, Err: err}
	set := func(short, hint, command string) {
		without := i18n.T("problem.gpuOrWithout", "hint", hint, "command", p.CommandLine("start", "--no-gpu"))
		problem.Short, problem.Hint, problem.Command = short, without, command
	}
	const guide = "https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/install-guide.html"
	switch {
	case c.os == "darwin":
		set(i18n.T("problem.gpuMac"), i18n.T("problem.gpuMacHint"), "colab-tray config edit")
	case has("unknown device"):
		set(i18n.T("problem.gpuUnknown"), i18n.T("problem.gpuUnknownHint"), "nvidia-smi -L")
	case has("version mismatch"):
		set(i18n.T("problem.gpuReboot"), i18n.T("problem.gpuRebootHint"), c.onLinux("sudo reboot"))
	case c.local && !c.driver, has("driver not loaded", "libnvidia-ml.so", "no adapters were found"):
		set(i18n.T("problem.gpuNoDriver"), i18n.T("problem.gpuNoDriverHint"), "nvidia-smi")
	case c.os == "windows" && c.kind.Podman:
		set(i18n.T("problem.gpuNoCDI"), i18n.T("problem.gpuNoCDIHint", "guide", guide),
			"podman machine ssh --username root nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml")
	case c.os == "windows" && c.kind.Desktop:
		set(i18n.T("problem.gpuDesktop"), i18n.T("problem.gpuDesktopHint"), "")
	case c.os == "windows":
		set(i18n.T("problem.gpuNoToolkit"), i18n.T("problem.gpuNoToolkitThereHint", "guide", guide), "")
	case c.kind.Snap:
		set(i18n.T("problem.gpuSnap"), i18n.T("problem.gpuSnapHint"), "snap list docker")
	case c.kind.Rootless && !c.kind.Podman && has("operation not permitted", "cgroup", "permission denied"):
		set(i18n.T("problem.gpuRootless"), i18n.T("problem.gpuRootlessHint"),
			"sudo nvidia-ctk config --set nvidia-container-cli.no-cgroups --in-place")
	case c.kind.Podman || has("cdi device", `"cdi"`):
		set(i18n.T("problem.gpuNoCDI"), i18n.T("problem.gpuNoCDIHint", "guide", guide),
			"sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml")
	case c.kind.Desktop:
		set(i18n.T("problem.gpuDesktop"), i18n.T("problem.gpuDesktopHint"), "")
	case c.kind.Rootless:
		set(i18n.T("problem.gpuNoToolkit"), i18n.T("problem.gpuNoToolkitRootlessHint", "guide", guide),
			"nvidia-ctk runtime configure --runtime=docker --config=$HOME/.config/docker/daemon.json && systemctl --user restart docker")
	default:
		set(i18n.T("problem.gpuNoToolkit"), i18n.T("problem.gpuNoToolkitHint", "guide", guide),
			"sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker")
	}
	return problem
}

// onLinux returns a command for a shell of Linux, and none where the terminals of this
// computer have no such shell.
func (c gpuContext) onLinux(command string) string {
	if c.os == "windows" {
		return ""
	}
	return command
}

// gpuProblem calls the function of that name for the operation's engine.
func (o *operation) gpuProblem(err error) *problem.Problem {
	c := thisComputer()
	c.kind = o.info.Kind
	c.local = c.os == "linux" && o.info.Local && !c.kind.Desktop
	if o.info.Elsewhere() != "" {
		c.os = "linux"
	}
	p := gpuProblem(o.profile, err, c)
	if p != nil && p.Command != "" {
		p.Command = o.info.CommandThere(p.Command)
	}
	return p
}
