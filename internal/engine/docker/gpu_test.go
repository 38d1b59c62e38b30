package docker

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	systemtypes "github.com/docker/docker/api/types/system"

	"github.com/docker/docker/api/types/container"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/secret"
	"colabtray/test/testenv"
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
	for want, info := range map[engine.Kind]systemtypes.Info{
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

// madeLabel finds the label that is another one on each container.
var madeLabel = regexp.MustCompile(`"dev\.colabtray\.made":"\w+",?`)

// TestPodmansOwnAPI holds that a container is the same whether it was made
// through Podman's own API, as it is for a GPU, or through Docker's.
func TestPodmansOwnAPI(t *testing.T) {
	testenv.Takes(t, "a Podman is started")
	podman := testenv.Podman(t)
	d, err := New(podman.Host())
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := d.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	name := podman.RuntimeName(t)
	asked := engine.Spec{
		Name: name, Hostname: name, Image: podman.Image(t, testenv.FakeJupyter), InnerPort: 8888, Port: testenv.FreePort(t),
		Volume: name + "-data", DataDir: "/home/jovyan", Cmd: []string{"sh", "/opt/colab-tray/start"},
		Labels: map[string]string{engine.LabelRuntime: name, engine.LabelSettings: "of no others"},
		Memory: 1 << 30, CPUs: 1.5, ShmSize: 128 << 20, Platform: "linux/amd64", User: "1001:100",
		Folders: []config.Folder{{Host: t.TempDir(), Path: "/data", ReadOnly: true}, {Host: t.TempDir(), Path: "/more"}},
		Env:     []config.Variable{{Name: "A", Value: secret.New("b=c")}},
	}
	const what = `{{.Config.Hostname}} {{.Config.User}} {{json .Config.Cmd}} {{json .Config.Entrypoint}} {{json .Config.Labels}} {{.Config.Image}}
{{json .HostConfig.PortBindings}} {{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{.HostConfig.ShmSize}} {{.HostConfig.NetworkMode}}
{{range .Config.Env}}{{.}}
{{end}}{{range .Mounts}}{{json .}}
{{end}}`
	describe := func(create func(engine.Spec) (string, error)) string {
		t.Helper()
		id, err := create(asked)
		if err != nil {
			t.Fatal(err)
		}
		text := testenv.DockerAt(t, podman.Host(), "inspect", "--format", what, id)
		testenv.DockerAt(t, podman.Host(), "rm", id)
		text = madeLabel.ReplaceAllString(text, "") // another one each time
		lines := strings.Split(text, "\n")          // variables come in any order
		slices.Sort(lines)
		return strings.Join(lines, "\n")
	}
	ours := describe(func(s engine.Spec) (string, error) {
		made, err := d.Create(t.Context(), s)
		return made.ID, err
	})
	own := describe(func(s engine.Spec) (string, error) {
		made, host := dockerSpec(s, []container.DeviceRequest{})
		return d.createLibpod(t.Context(), s.Name, made, host, nil)
	})
	if ours != own || !strings.Contains(ours, "\nA=b=c\n") {
		t.Errorf("through Docker's API:\n%s\nthrough Podman's own:\n%s", ours, own)
	}
}
