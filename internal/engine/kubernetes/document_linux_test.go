package kubernetes

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/engine/enginetest"
	"colabtray/internal/problem"
	"colabtray/internal/secret"
	"colabtray/test/testenv"
)

// TestDocument: what docs/cluster.md tells an admin to apply is enough for a member of the
// group, and for nobody else. It has the quota that it speaks of.
func TestDocument(t *testing.T) {
	testenv.Takes(t, "it runs pods on a real cluster")
	cluster := testenv.Cluster(t)
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "cluster.md"))
	must(t, err)
	found := regexp.MustCompile("(?s)\n```yaml\n(.*?)```\n").FindAllSubmatch(page, -1)
	if len(found) != 1 {
		t.Fatalf("the page has %d texts to apply", len(found))
	}
	file := filepath.Join(t.TempDir(), "team.yaml")
	must(t, os.WriteFile(file, found[0][1], 0o600))
	t.Cleanup(func() { cluster.Kubectl(t, "delete", "namespace", "team", "--ignore-not-found") })
	cluster.Kubectl(t, "apply", "--filename="+file)
	cluster.Kubectl(t, "wait", "--namespace=team", "--for=create", "--timeout=1m", "serviceaccount/default")

	t.Setenv("PATH", cluster.Programs()+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("KUBECONFIG", kubeconfigOf(t, cluster, "carol", "team"))
	carol := &person{open(t, "/team"), t, "", cluster, cluster.Image(t, testenv.Server2)}
	must(t, carol.Pull(t.Context(), carol.image, "", func(engine.Progress) {}))
	spec := engine.Spec{
		Name: "colab", Image: carol.image, Entrypoint: []string{"sh"}, Cmd: []string{"-c", enginetest.Serves}, InnerPort: 8888,
		GPU: config.GPU{Count: 1}, Volume: "colab-data", DataDir: "/home/jovyan",
		Env: []config.Variable{{Name: "JUPYTER_TOKEN", Value: secret.New("carols")}}, Labels: map[string]string{engine.LabelRuntime: "colab"},
	}
	made, err := carol.Create(t.Context(), spec)
	must(t, err)
	must(t, carol.Start(t.Context(), made.ID))
	c := carol.until(made.ID, runs)
	way, err := carol.Reach(t.Context(), c, 8888)
	must(t, err)
	carol.answers(way)
	must(t, way.Close())
	if out, _, err := carol.Exec(t.Context(), c.ID, []string{"printenv", "JUPYTER_TOKEN"}); err != nil || out != "carols\n" {
		t.Errorf("a command in the pod says %q, %v", out, err)
	}
	must(t, carol.Stop(t.Context(), c.ID, time.Second))
	must(t, carol.Remove(t.Context(), c.ID))
	must(t, carol.RemoveVolume(t.Context(), "colab-data"))

	var p *problem.Problem
	spec.GPU.Count = 9
	made, err = carol.Create(t.Context(), spec)
	must(t, err)
	if err := carol.Start(t.Context(), made.ID); !errors.As(err, &p) || p.Code != problem.ClusterQuota {
		t.Errorf("nine GPUs of eight: %v", err)
	}
	must(t, carol.Remove(t.Context(), made.ID))
	for who, address := range map[string]string{"carol": "kubernetes:///" + cluster.Namespace("bob"), "dave": "kubernetes:///team"} {
		t.Setenv("KUBECONFIG", kubeconfigOf(t, cluster, who, map[string]string{"carol": "team", "dave": "others"}[who]))
		e := Open(address, carol.log)
		e.dir = t.TempDir()
		if _, err := e.Connect(t.Context()); !errors.As(err, &p) || p.Code != problem.ClusterDenied {
			t.Errorf("%s at %s: %v", who, address, err)
		}
		must(t, e.Close())
	}
}

// kubeconfigOf makes a configuration of kubectl for somebody in a group.
func kubeconfigOf(t *testing.T, cluster *testenv.KubernetesCluster, who, group string) (file string) {
	t.Helper()
	var kubeconfig struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Clusters   any    `json:"clusters"`
		Contexts   any    `json:"contexts"`
		Current    string `json:"current-context"`
		Users      []struct {
			Name string         `json:"name"`
			User map[string]any `json:"user"`
		} `json:"users"`
	}
	must(t, json.Unmarshal([]byte(cluster.Kubectl(t, "config", "view", "--raw", "--minify", "--output=json")), &kubeconfig))
	user := kubeconfig.Users[0].User
	user["as"], user["as-groups"] = who, []string{group, "system:authenticated"}
	text, err := json.Marshal(kubeconfig)
	must(t, err)
	file = filepath.Join(t.TempDir(), "kubeconfig")
	must(t, os.WriteFile(file, text, 0o600))
	return file
}
