package testenv

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gofrs/flock"
)

// KubernetesCluster is the one-node Kubernetes that test/cluster starts.
type KubernetesCluster struct {
	dir string
}

// clusterGateway is this computer as the node of the cluster sees it, and clusterNode the
// node, which has the API server.
const (
	clusterGateway = "10.213.7.1"
	clusterNode    = "10.213.7.2"
)

// Cluster returns the cluster once no other test has it, and skips the test when none
// runs, also with CI set: beside other tests a cluster disturbs them, so .ci/cluster has one
// when they are over. Where the environment names a cluster, the test fails without it.
func Cluster(t testing.TB) *KubernetesCluster {
	t.Helper()
	c := &KubernetesCluster{cmp.Or(os.Getenv("COLAB_TRAY_TEST_CLUSTER"), "/run/colab-tray-cluster")}
	lock := flock.New(filepath.Join(c.dir, "lock"), flock.SetPermissions(0o600))
	if err := lock.Lock(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = lock.Close() })
	if !seen.once("cluster "+c.dir, func() bool {
		_, err := c.kubectl("get", "--raw", "/readyz")
		return err == nil
	}) {
		if os.Getenv("COLAB_TRAY_TEST_CLUSTER") != "" {
			t.Fatalf("the cluster in %s does not answer", c.dir)
		}
		t.Skip("this test needs a Kubernetes cluster (see make cluster)")
	}
	return c
}

// Use has the program find the kubectl of the cluster and its configuration, which has
// the contexts "admin", and "ada" and "bob" with a namespace each.
func (c *KubernetesCluster) Use(t testing.TB) {
	t.Helper()
	t.Setenv("KUBECONFIG", c.Kubeconfig())
	t.Setenv("PATH", c.Programs()+string(os.PathListSeparator)+os.Getenv("PATH"))
}

// Kubeconfig returns the path of kubectl's configuration.
func (c *KubernetesCluster) Kubeconfig() string { return filepath.Join(c.dir, "kubeconfig") }

// Programs returns the directory of kubectl.
func (c *KubernetesCluster) Programs() string { return filepath.Join(c.dir, "bin") }

func (c *KubernetesCluster) kubectl(args ...string) (string, error) {
	cmd := exec.Command(filepath.Join(c.Programs(), "kubectl"), args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+c.Kubeconfig())
	out, err := cmd.CombinedOutput()
	return strings.TrimSuffix(string(out), "\n"), err
}

// Kubectl runs kubectl as an admin, and returns its output. The test fails if it fails.
func (c *KubernetesCluster) Kubectl(t testing.TB, args ...string) string {
	t.Helper()
	out, err := c.kubectl(args...)
	if err != nil {
		t.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// Namespace returns the namespace of a person.
func (c *KubernetesCluster) Namespace(who string) string { return "team-" + who }

// RuntimeName returns a new name. All that has it is removed from a person's namespace
// when the test ends.
func (c *KubernetesCluster) RuntimeName(t testing.TB, who string) string {
	t.Helper()
	name := "colab-tray-test-" + randomHex(6)
	const everything = "pods,configmaps,secrets,persistentvolumeclaims"
	arguments := []string{"--namespace=" + c.Namespace(who), "delete", everything, "--selector=app.kubernetes.io/instance=" + name, "--grace-period=1", "--ignore-not-found"}
	AfterDeath(t, `KUBECONFIG=$1 exec "$2/kubectl" "--namespace=$3" delete "$4" "--selector=app.kubernetes.io/instance=$5" --grace-period=1 --wait=false`,
		c.Kubeconfig(), c.Programs(), c.Namespace(who), everything, name)
	t.Cleanup(func() {
		if out, err := c.kubectl(arguments...); err != nil {
			t.Errorf("what is named %s could not be removed: %v\n%s", name, err, out)
		}
	})
	return name
}

// Image gives the node an image of the Docker engine, unless it has it.
func (c *KubernetesCluster) Image(t testing.TB, image string) string {
	t.Helper()
	Image(t, image)
	id := Docker(t, "image", "inspect", "--format={{.Id}}", image)
	if !seen.once("image "+image+" of the cluster", func() bool {
		loaded, err := os.ReadFile(c.loaded(image))
		if err == nil && string(loaded) == id {
			return true
		}
		return c.load(t, image) == nil && os.WriteFile(c.loaded(image), []byte(id), 0o600) == nil
	}) {
		t.Fatalf("the cluster does not take the image %s", image)
	}
	return image
}

func (c *KubernetesCluster) loaded(image string) string {
	return filepath.Join(c.dir, "loaded-"+strings.NewReplacer("/", "_", ":", "_").Replace(image))
}

func (c *KubernetesCluster) load(t testing.TB, image string) error {
	cmd := exec.Command("sh", "-c", `docker image save "$1" | ctr --address "$2" --namespace k8s.io images import -`, "sh", image, filepath.Join(c.dir, "containerd.sock"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Logf("loading %s: %v\n%s", image, err, out)
	}
	return err
}

// PublishedImage is like [PublishedImage] for the cluster, with an image of the Docker
// engine.
func (c *KubernetesCluster) PublishedImage(t *testing.T, image string) (published, missing string) {
	t.Helper()
	r := NewRegistry(t)
	published = r.Address + "/test/published:1"
	Docker(t, "tag", Image(t, image), published)
	t.Cleanup(func() { Docker(t, "rmi", "--no-prune", published) })
	Docker(t, "push", "--quiet", published)
	c.lead(t, r.Address)
	return published, r.Address + "/test/missing:1"
}

// lead makes a registry of this computer one of the node, which finds it at the gateway.
func (c *KubernetesCluster) lead(t *testing.T, registry string) {
	t.Helper()
	_, port, err := net.SplitHostPort(registry)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(clusterGateway, port))
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go relay(conn, "tcp", registry)
		}
	}()
	dir := filepath.Join(c.dir, "registries", registry)
	t.Cleanup(func() {
		_ = listener.Close()
		_ = os.RemoveAll(dir)
	})
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	hosts := fmt.Sprintf("server = %[1]q\n[host.%[1]q]\ncapabilities = [\"pull\", \"resolve\"]\n", "http://"+listener.Addr().String())
	if err := os.WriteFile(filepath.Join(dir, "hosts.toml"), []byte(hosts), 0o600); err != nil {
		t.Fatal(err)
	}
}
