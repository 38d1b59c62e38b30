package runtime

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	systemtypes "github.com/docker/docker/api/types/system"

	"colabtray/internal/config"
	"colabtray/test/bed"
)

func TestGPURequests(t *testing.T) {
	gpu := [][]string{{"gpu"}}
	for _, c := range []struct {
		gpu    config.GPU
		docker []container.DeviceRequest
		cdi    []string
	}{
		{config.GPU{}, nil, nil},
		{config.GPU{All: true}, []container.DeviceRequest{{Count: -1, Capabilities: gpu}}, []string{"nvidia.com/gpu=all"}},
		{config.GPU{Count: 2}, []container.DeviceRequest{{Count: 2, Capabilities: gpu}}, []string{"nvidia.com/gpu=0", "nvidia.com/gpu=1"}},
		{
			config.GPU{IDs: []string{"1", "GPU-9f"}},
			[]container.DeviceRequest{{DeviceIDs: []string{"1", "GPU-9f"}, Capabilities: gpu}},
			[]string{"nvidia.com/gpu=1", "nvidia.com/gpu=GPU-9f"},
		},
	} {
		if got := gpuRequests(c.gpu, false); !reflect.DeepEqual(got, c.docker) {
			t.Errorf("%+v: got %+v", c.gpu, got)
		}
		got := gpuRequests(c.gpu, true)
		if c.cdi == nil {
			if got != nil {
				t.Errorf("%+v by CDI: got %+v", c.gpu, got)
			}
			continue
		}
		if len(got) != 1 || got[0].Driver != "cdi" || !slices.Equal(got[0].DeviceIDs, c.cdi) {
			t.Errorf("%+v by CDI: got %+v", c.gpu, got)
		}
	}
}

func TestWantsCDI(t *testing.T) {
	found := []systemtypes.DeviceInfo{{Source: "cdi", ID: "nvidia.com/gpu=0"}}
	nvidia := map[string]systemtypes.RuntimeWithStatus{"nvidia": {}}
	for name, c := range map[string]struct {
		info systemtypes.Info
		told bool
		want bool
	}{
		"an old Docker":                      {systemtypes.Info{}, false, false},
		"CDI is on":                          {systemtypes.Info{CDISpecDirs: []string{"/etc/cdi"}}, false, true},
		"CDI is on, beside the toolkit":      {systemtypes.Info{CDISpecDirs: []string{"/etc/cdi"}, Runtimes: nvidia}, false, false},
		"CDI is on by itself, and has none":  {systemtypes.Info{CDISpecDirs: []string{"/etc/cdi"}}, true, false},
		"CDI found one":                      {systemtypes.Info{DiscoveredDevices: found}, true, true},
		"CDI found something that is no GPU": {systemtypes.Info{DiscoveredDevices: []systemtypes.DeviceInfo{{Source: "cdi", ID: "x.com/net=0"}}}, true, false},
	} {
		if got := wantsCDI(c.info, c.told); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestKindOf(t *testing.T) {
	for want, info := range map[EngineKind]systemtypes.Info{
		{}:               {DockerRootDir: "/var/lib/docker", OperatingSystem: "Debian GNU/Linux 12 (bookworm)", SecurityOptions: []string{"name=seccomp,profile=default"}},
		{Rootless: true}: {DockerRootDir: "/home/me/.local/share/docker", SecurityOptions: []string{"name=seccomp,profile=builtin", "name=rootless"}},
		{Snap: true}:     {DockerRootDir: "/var/snap/docker/common/var-lib-docker"},
		{Desktop: true}:  {DockerRootDir: "/var/lib/docker", OperatingSystem: "Docker Desktop"},
	} {
		if got := kindOf(info, false); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}

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
	here := gpuScene{os: "linux", local: true, driver: true}
	with := func(change func(*gpuScene)) gpuScene {
		s := here
		change(&s)
		return s
	}
	for _, c := range []struct {
		text    string
		scene   gpuScene
		short   string // empty for no problem
		command string
	}{
		{noToolkit, here, "container toolkit is missing", "nvidia-ctk runtime configure --runtime=docker && sudo systemctl"},
		{noRuntime, here, "container toolkit is missing", "nvidia-ctk runtime configure"},
		{noToolkit, with(func(s *gpuScene) { s.driver = false }), "no NVIDIA driver", "nvidia-smi"},
		{noToolkit, gpuScene{os: "linux"}, "container toolkit is missing", "nvidia-ctk runtime configure"},
		{noToolkit, gpuScene{os: "darwin"}, "on a Mac", "colab-tray config edit"},
		{noToolkit, gpuScene{os: "windows", kind: EngineKind{Desktop: true}}, "Docker Desktop finds no GPU", ""},
		{noToolkit, with(func(s *gpuScene) { s.kind.Snap = true }), "snap store", "snap list docker"},
		{noToolkit, with(func(s *gpuScene) { s.kind.Rootless = true }), "container toolkit is missing", "systemctl --user restart docker"},
		{rootless, with(func(s *gpuScene) { s.kind.Rootless = true }), "Rootless Docker", "no-cgroups"},
		{noCDI, here, "not set up", "nvidia-ctk cdi generate"},
		{unresolved, here, "not set up", "nvidia-ctk cdi generate"},
		{podman, with(func(s *gpuScene) { s.kind = EngineKind{Podman: true, Rootless: true} }), "not set up", "nvidia-ctk cdi generate"},
		{podman, with(func(s *gpuScene) { s.kind.Podman, s.driver = true, false }), "no NVIDIA driver", "nvidia-smi"},
		{notLoaded, here, "no NVIDIA driver", "nvidia-smi"},
		{noLibrary, here, "no NVIDIA driver", "nvidia-smi"},
		{wsl, here, "no NVIDIA driver", "nvidia-smi"},
		{mismatch, here, "restart", "sudo reboot"},
		{noSuch, here, "no such GPU", "nvidia-smi -L"},
		{somethingIs, here, "", ""},
	} {
		p := gpuProblem(config.Default(), errors.New(c.text), c.scene)
		switch {
		case c.short == "" && p == nil:
		case p == nil, c.short == "", p.Code != CodeGPU, !strings.Contains(p.Short, c.short), !strings.Contains(p.Command, c.command),
			!strings.Contains(p.Hint, "--no-gpu"):
			t.Errorf("%.200s in %+v: the problem is %+v", c.text, c.scene, p)
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
		r.open()
		p := r.problem(r.Start(t.Context()), CodeGPU)
		words := `could not select device driver "" with capabilities: [[gpu]]`
		if r.podman != nil {
			words = "unresolvable CDI devices nvidia.com/gpu=all"
		}
		if !strings.Contains(fmt.Sprint(p.Err), words) || p.Short != "There is no NVIDIA driver" {
			t.Errorf("the problem is %q, of %v", p.Short, p.Err)
		}
		r.nothingMade()

		s := r.must(r.StartWithoutGPU)
		r.works(s.URL)
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
		if _, err := r.Manager.engine().Create(t.Context(), specOf(r.profile, r.server)); err != nil {
			t.Fatal(err)
		}
		r.untilState(Stopped)
		made := r.id()
		r.problem(r.Start(t.Context()), CodeGPU)
		r.works(r.must(r.StartWithoutGPU).URL)
		if text := r.docker("exec", r.profile.Runtime, "cat", "/home/jovyan/work.ipynb"); text != "kept" || r.id() == made {
			t.Errorf("the notebook has become %q", text)
		}
		r.alone()
	})
}

// TestGPUByCDI gives a container of Podman a GPU that is none: a device of the
// machine, described as NVIDIA's toolkit describes a GPU.
func TestGPUByCDI(t *testing.T) {
	r := newRig(t, onPodman(t), bed.Server2)
	const dir = "/var/run/cdi"
	name := "test" + strings.TrimPrefix(bed.RuntimeName(t), "colab-tray-test-")
	file := filepath.Join(dir, "colab-tray-"+name+".json")
	spec := fmt.Sprintf(`{"cdiVersion": "0.3.0", "kind": "nvidia.com/gpu", "devices": [
		{"name": %q, "containerEdits": {"env": ["COLAB_TRAY_TEST_GPU=here"], "deviceNodes": [{"path": "/dev/null"}]}}]}`, name)
	if err := errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(file, []byte(spec), 0o644)); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(file)
	r.profile.GPU = config.GPU{IDs: []string{name}}
	r.open()
	r.works(r.mustStart().URL)
	if got := r.docker("exec", r.profile.Runtime, "cat", "/proc/1/environ"); !strings.Contains(got, "COLAB_TRAY_TEST_GPU=here\x00") {
		t.Errorf("the container does not have the GPU: %q", got)
	}
}

// madeLabel finds the label that is another one on each container.
var madeLabel = regexp.MustCompile(`"dev\.colabtray\.made":"\w+",?`)

// TestPodmansOwnAPI holds that a container is the same whether it was made
// through Podman's own API, as it is for a GPU, or through Docker's.
func TestPodmansOwnAPI(t *testing.T) {
	r := newRig(t, onPodman(t), bed.Server2)
	r.open()
	r.untilState(Absent)
	d := r.Manager.engine().(*Docker)
	r.profile.Memory, r.profile.CPUs, r.profile.ShmSize, r.profile.Platform = 1<<30, 1.5, 128<<20, "linux/amd64"
	r.profile.Folders = []config.Folder{{Host: t.TempDir(), Path: "/data", ReadOnly: true}, {Host: t.TempDir(), Path: "/more"}}
	r.profile.Env = []config.Variable{{Name: "A", Value: config.NewSecret("b=c")}}
	r.profile.User = "1001:100"
	const what = `{{.Config.Hostname}} {{.Config.User}} {{json .Config.Cmd}} {{json .Config.Entrypoint}} {{json .Config.Labels}} {{.Config.Image}}
{{json .HostConfig.PortBindings}} {{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{.HostConfig.ShmSize}} {{.HostConfig.NetworkMode}}
{{range .Config.Env}}{{.}}
{{end}}{{range .Mounts}}{{json .}}
{{end}}`
	describe := func(create func(Spec) (string, error)) string {
		t.Helper()
		spec := specOf(r.profile, r.server)
		id, err := create(spec)
		if err != nil {
			t.Fatal(err)
		}
		text := r.docker("inspect", "--format", what, id)
		r.docker("rm", id)
		text = madeLabel.ReplaceAllString(text, "") // another one each time
		lines := strings.Split(text, "\n")          // variables come in any order
		slices.Sort(lines)
		return strings.Join(lines, "\n")
	}
	ours := describe(func(s Spec) (string, error) {
		made, err := d.Create(t.Context(), s)
		return made.ID, err
	})
	own := describe(func(s Spec) (string, error) {
		made, host := dockerSpec(s, []container.DeviceRequest{})
		return d.createLibpod(t.Context(), s.Name, made, host, nil)
	})
	if ours != own || !strings.Contains(ours, "\nA=b=c\n") {
		t.Errorf("through Docker's API:\n%s\nthrough Podman's own:\n%s", ours, own)
	}
}
