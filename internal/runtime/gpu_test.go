package runtime

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/problem"
	"colabtray/test/testenv"
)

// TestGPUProblem goes by the words of real engines and of NVIDIA's toolkit.
func TestGPUProblem(t *testing.T) {
	const (
		noToolkit   = `Error response from daemon: could not select device driver "" with capabilities: [[gpu]]`
		noCDI       = `Error response from daemon: could not select device driver "cdi" with capabilities: []`
		noRuntime   = `Error response from daemon: unknown or invalid runtime name: nvidia`
		unresolved  = `Error response from daemon: CDI device injection failed: unresolvable CDI devices nvidia.com/gpu=all`
		podman      = `setting up CDI devices: unresolvable CDI devices nvidia.com/gpu=all`
		hook        = `Error response from daemon: failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: error running prestart hook #0: exit status 1, stdout: , stderr: Auto-detected mode as 'legacy'` + "\n" + `nvidia-container-cli: `
		notLoaded   = hook + `initialization error: nvml error: driver not loaded: unknown`
		noLibrary   = hook + `initialization error: load library failed: libnvidia-ml.so.1: cannot open shared object file: no such file or directory: unknown`
		mismatch    = hook + `initialization error: nvml error: driver/library version mismatch: unknown`
		noSuch      = hook + `device error: 7: unknown device: unknown`
		rootless    = hook + `mount error: failed to add device rules: unable to find any existing device filters attached to the cgroup: bpf_prog_query(BPF_CGROUP_DEVICE) failed: operation not permitted: unknown`
		wsl         = hook + `initialization error: WSL environment detected but no adapters were found: unknown`
		somethingIs = `Error response from daemon: Conflict. The container name "/x" is already in use`
	)
	here := gpuContext{os: "linux", local: true, driver: true}
	with := func(change func(*gpuContext)) gpuContext {
		s := here
		change(&s)
		return s
	}
	for _, c := range []struct {
		text    string
		context gpuContext
		short   string // empty for no problem
		command string
	}{
		{noToolkit, here, "container toolkit is missing", "nvidia-ctk runtime configure --runtime=docker && sudo systemctl"},
		{noRuntime, here, "container toolkit is missing", "nvidia-ctk runtime configure"},
		{noToolkit, with(func(s *gpuContext) { s.driver = false }), "no NVIDIA driver", "nvidia-smi"},
		{noToolkit, gpuContext{os: "linux"}, "container toolkit is missing", "nvidia-ctk runtime configure"},
		{noToolkit, gpuContext{os: "darwin"}, "on a Mac", "colab-tray config edit"},
		{noToolkit, gpuContext{os: "windows", kind: engine.Kind{Desktop: true}}, "Docker Desktop finds no GPU", ""},
		{noToolkit, with(func(s *gpuContext) { s.kind.Snap = true }), "snap store", "snap list docker"},
		{noToolkit, with(func(s *gpuContext) { s.kind.Rootless = true }), "container toolkit is missing", "systemctl --user restart docker"},
		{rootless, with(func(s *gpuContext) { s.kind.Rootless = true }), "Rootless Docker", "no-cgroups"},
		{noCDI, here, "not set up", "nvidia-ctk cdi generate"},
		{unresolved, here, "not set up", "nvidia-ctk cdi generate"},
		{podman, with(func(s *gpuContext) { s.kind = engine.Kind{Podman: true, Rootless: true} }), "not set up", "nvidia-ctk cdi generate"},
		{podman, with(func(s *gpuContext) { s.kind.Podman, s.driver = true, false }), "no NVIDIA driver", "nvidia-smi"},
		{notLoaded, here, "no NVIDIA driver", "nvidia-smi"},
		{noLibrary, here, "no NVIDIA driver", "nvidia-smi"},
		{wsl, here, "no NVIDIA driver", "nvidia-smi"},
		{mismatch, here, "restart", "sudo reboot"},
		{noSuch, here, "no such GPU", "nvidia-smi -L"},
		{mismatch, gpuContext{os: "windows"}, "restart", ""},
		{podman, gpuContext{os: "windows", kind: engine.Kind{Podman: true, Rootless: true}}, "not set up", "podman machine ssh"},
		{noToolkit, gpuContext{os: "windows", kind: engine.Kind{Snap: true}}, "container toolkit is missing", ""},
		{somethingIs, here, "", ""},
	} {
		p := gpuProblem(config.Default(), errors.New(c.text), c.context)
		switch {
		case c.short == "" && p == nil:
		case p == nil, c.short == "", p.Code != problem.GPU, !strings.Contains(p.Short, c.short), !strings.Contains(p.Command, c.command),
			!strings.Contains(p.Hint, "--no-gpu"):
			t.Errorf("%.200s in %+v: the problem is %+v", c.text, c.context, p)
		}
		// Terminals of Windows know no words of Linux' shells, whatever engine there is.
		c.context.os = "windows"
		for _, c.context.kind = range []engine.Kind{{}, {Desktop: true}, {Podman: true}, {Podman: true, Rootless: true}, {Rootless: true}, {Snap: true}} {
			p := gpuProblem(config.Default(), errors.New(c.text), c.context)
			if p != nil && regexp.MustCompile(`\b(sudo|systemctl|snap)\b|\$[A-Z]`).MatchString(p.Command+p.Hint) {
				t.Errorf("%.200s in %+v: the problem is %+v", c.text, c.context, p)
			}
		}
	}
}

// TestNoGPU asks real engines for a GPU where there is none.
func TestNoGPU(t *testing.T) {
	if thisComputer().driver {
		t.Skip("this computer has a GPU")
	}
	eachEngine(t, func(t *testing.T, r *rig) {
		r.profile.GPU = config.GPU{All: true}
		r.Open()
		p := r.Problem(r.Start(t.Context()), problem.GPU)
		words := `could not select device driver "" with capabilities: [[gpu]]`
		if r.podman != nil {
			words = "unresolvable CDI devices nvidia.com/gpu=all"
		}
		if !strings.Contains(fmt.Sprint(p.Err), words) || p.Short != "There is no NVIDIA driver" {
			t.Errorf("the problem is %q, of %v", p.Short, p.Err)
		}
		r.nothingMade()

		s := r.must(r.StartWithoutGPU)
		r.mustServe(s.URL)
		if !s.RestartToApply {
			t.Error("it runs without the GPU, and no word of that")
		}
		r.docker("exec", r.profile.Runtime, "sh", "-c", "echo kept > ~/work.ipynb")

		// A container that has a GPU is made anew, and keeps the data.
		if err := r.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.docker("rm", r.profile.Runtime)
		r.untilState(Absent)
		if _, err := r.Manager.engine().Create(t.Context(), specOf(r.profile, r.server, engine.Info{})); err != nil {
			t.Fatal(err)
		}
		r.untilState(Stopped)
		made := r.id()
		r.Problem(r.Start(t.Context()), problem.GPU)
		r.mustServe(r.must(r.StartWithoutGPU).URL)
		if text := r.docker("exec", r.profile.Runtime, "cat", "/home/jovyan/work.ipynb"); text != "kept" || r.id() == made {
			t.Errorf("the notebook has become %q", text)
		}
		r.mustBeAlone()
	})
}

// TestGPUByCDI gives a container of Podman a GPU that is none: a device of the
// machine, described as NVIDIA's toolkit describes a GPU.
func TestGPUByCDI(t *testing.T) {
	realEngine(t)
	r := newRig(t, onPodman(t), testenv.Server2)
	const dir = "/var/run/cdi"
	name := "test" + strings.TrimPrefix(testenv.RuntimeName(t), "colab-tray-test-")
	file := filepath.Join(dir, "colab-tray-"+name+".json")
	spec := fmt.Sprintf(`{"cdiVersion": "0.3.0", "kind": "nvidia.com/gpu", "devices": [
		{"name": %q, "containerEdits": {"env": ["COLAB_TRAY_TEST_GPU=here"], "deviceNodes": [{"path": "/dev/null"}]}}]}`, name)
	if err := errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(file, []byte(spec), 0o644)); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(file)
	r.profile.GPU = config.GPU{IDs: []string{name}}
	r.Open()
	r.mustServe(r.mustStart().URL)
	if got := r.docker("exec", r.profile.Runtime, "cat", "/proc/1/environ"); !strings.Contains(got, "COLAB_TRAY_TEST_GPU=here\x00") {
		t.Errorf("the container does not have the GPU: %q", got)
	}
}
