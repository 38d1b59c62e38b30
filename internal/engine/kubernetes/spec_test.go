package kubernetes

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/secret"
)

var update = flag.Bool("update", false, "write the golden files anew")

func fullSpec() engine.Spec {
	return engine.Spec{
		Name: "local-jupyter-runtime", Hostname: "local-jupyter-runtime", Image: "quay.io/jupyter/base-notebook", Platform: "linux/arm64",
		Cmd:    []string{"sh", "/opt/colab-tray/start.sh"},
		Labels: map[string]string{engine.LabelRuntime: "local-jupyter-runtime", engine.LabelSettings: strings.Repeat("a", 64), engine.LabelMade: "once"},
		Env:    []config.Variable{{Name: "HF_HOME", Value: secret.New("/x")}, {Name: "JUPYTER_TOKEN", Value: secret.New("s3cret")}},
		Volume: "local-jupyter-runtime-data", Mounts: []string{"/home/jovyan", "/work"}, WorkDir: "/work",
		InnerPort: 8888, Port: 8888, Gateway: true,
		Memory: 8 << 30, CPUs: 1.5, ShmSize: 2 << 30, GPU: config.GPU{Count: 2}, User: "1000:100",
	}
}

// TestObjects compares what a container is made of with testdata/objects.json.
func TestObjects(t *testing.T) {
	spec := fullSpec()
	spec.Cluster = config.ClusterSettings{
		StorageClass: "fast", PullSecret: "registry", NodeSelector: []string{"pool=gpu"}, Tolerations: []string{"nvidia.com/gpu:NoSchedule"},
	}
	o, err := objectsOf(spec, engine.ImageConfig{}, spec.Name)
	if err != nil {
		t.Fatal(err)
	}
	var template pod
	if err := json.Unmarshal([]byte(o.Record.Data[podKey]), &template); err != nil {
		t.Fatal(err)
	}
	files := []putFile{{"opt/colab-tray/start.sh", "file0"}, {"opt/colab-tray/jupyter/settings.py", "file1"}}
	got, err := json.MarshalIndent(struct {
		Objects objects `json:"objects"`
		Pod     pod     `json:"pod"`
	}{o, withFiles(template, filesName("local-jupyter-runtime"), files)}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	const golden = "testdata/objects.json"
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("the objects are others than in %s (%v); with -update they are written there:\n%s", golden, err, got)
	}
}

// TestPodIsConfined checks of each pod that we make what an administrator relies on.
func TestPodIsConfined(t *testing.T) {
	bare := engine.Spec{Name: "a", Hostname: "a", Image: "i", Volume: "a-data", DataDir: "/home/jovyan", InnerPort: 8888}
	for name, p := range map[string]pod{
		"full": podOf(fullSpec(), fullSpec().Mounts, usualSite, fullSpec().Name), "bare": podOf(bare, []string{bare.DataDir}, usualSite, bare.Name), "facts": factsPod("i", "", usualSite),
	} {
		text, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"s3cret", "hostPath", "hostNetwork", "hostPort", "hostPID", "hostIPC", `"privileged":true`, `"automountServiceAccountToken":true`, `"enableServiceLinks":true`} {
			if bytes.Contains(text, []byte(word)) {
				t.Errorf("%s: the pod has %s: %s", name, word, text)
			}
		}
		s := p.Spec.SecurityContext
		if p.Spec.RestartPolicy != "Never" || !s.RunAsNonRoot || s.SeccompProfile.Type != "RuntimeDefault" || s.RunAsUser != nil && *s.RunAsUser == 0 {
			t.Errorf("%s: the pod is %s", name, text)
		}
		// What is false by default in the API has to be said.
		if !bytes.Contains(text, []byte(`"automountServiceAccountToken":false`)) || !bytes.Contains(text, []byte(`"enableServiceLinks":false`)) {
			t.Errorf("%s: the pod has a token or the services of the namespace: %s", name, text)
		}
		for _, c := range slices.Concat(p.Spec.InitContainers, p.Spec.Containers) {
			if c.SecurityContext.AllowPrivilegeEscalation || !slices.Equal(c.SecurityContext.Capabilities.Drop, []string{"ALL"}) {
				t.Errorf("%s: %s may too much: %+v", name, c.Name, c.SecurityContext)
			}
		}
	}
	if gpus := podOf(engine.Spec{GPU: config.GPU{All: true}}, nil, usualSite, "").Spec.Containers[0].Resources.Limits["nvidia.com/gpu"]; gpus != "1" {
		t.Errorf("any GPU is %q", gpus)
	}
	if limits := podOf(engine.Spec{}, nil, usualSite, "").Spec.Containers[0].Resources; limits != nil {
		t.Errorf("without settings the limits are %+v", limits)
	}
	if fill := podOf(fullSpec(), fullSpec().Mounts, usualSite, "").Spec.InitContainers[0]; fill.Resources.Limits["nvidia.com/gpu"] != "" {
		t.Errorf("filling the volume takes a GPU: %+v", fill.Resources)
	}
}

func TestSiteOf(t *testing.T) {
	on := siteOf(config.ClusterSettings{
		GPUResource: "amd.com/gpu", DataSize: 5 << 30, NodeSelector: []string{"pool=gpu", "fast="},
		Tolerations: []string{"a", "a:NoExecute", "a=b:NoSchedule", "a="},
	})
	want := []toleration{{Key: "a", Operator: "Exists"}, {Key: "a", Operator: "Exists", Effect: "NoExecute"}, {Key: "a", Operator: "Equal", Value: "b", Effect: "NoSchedule"}, {Key: "a", Operator: "Equal"}}
	if on.GPUResource != "amd.com/gpu" || on.Size != "5368709120" || len(on.NodeSelector) != 2 || on.NodeSelector["pool"] != "gpu" || !slices.Equal(on.Tolerations, want) {
		t.Errorf("%+v", on)
	}
	if on := siteOf(config.ClusterSettings{}); on.GPUResource != "nvidia.com/gpu" || on.Size != "10Gi" || on.StorageClass != "" {
		t.Errorf("without settings: %+v", on)
	}
}

func TestImpossible(t *testing.T) {
	for want, change := range map[string]func(*engine.Spec){
		"name":    func(s *engine.Spec) { s.Name = "My_Runtime" },
		"folders": func(s *engine.Spec) { s.Folders = []config.Folder{{Host: "/a", Path: "/b"}} },
		"ports":   func(s *engine.Spec) { s.Publish = []config.PublishedPort{{Host: 6006, Container: 6006}} },
		"gpu":     func(s *engine.Spec) { s.GPU = config.GPU{IDs: []string{"0"}} },
		"user":    func(s *engine.Spec) { s.User = "0:0" },
	} {
		spec := fullSpec()
		change(&spec)
		_, err := objectsOf(spec, engine.ImageConfig{}, spec.Name)
		var cannot *cannotError
		if !errors.As(err, &cannot) || !slices.Equal(cannot.settings, []string{want}) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestFiles(t *testing.T) {
	c := configMap{BinaryData: map[string][]byte{"a": []byte("A"), "b": []byte("B")}, Data: map[string]string{
		indexKey: `{"written":"2020-02-03T04:05:06Z","files":[{"path":"opt/x/a","key":"a"},{"path":"../../etc/passwd","key":"b"},{"path":"/etc/shadow","key":"b"},{"path":"opt/x/none","key":"none"}]}`,
	}}
	index, files := putOf(c)
	if len(index.Files) != 1 || len(files) != 1 || string(files["opt/x/a"].Data) != "A" {
		t.Errorf("the files are %+v, %v", index, files)
	}
	for _, text := range []string{"", "{", `{"files": 3}`} {
		if index, files := putOf(configMap{Data: map[string]string{indexKey: text}}); len(index.Files) != 0 || len(files) != 0 {
			t.Errorf("of %q come %+v, %v", text, index, files)
		}
	}
}
