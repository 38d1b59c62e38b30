package colabpage

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/browser"

	"colabtray/internal/config"
	"colabtray/internal/engine/kubernetes"
	"colabtray/internal/runtime"
	"colabtray/test/testenv"
)

// onCluster returns a profile whose runtime will be on the cluster, as ada's, from an image.
func onCluster(t *testing.T, image string) (*testenv.KubernetesCluster, config.Profile) {
	t.Helper()
	cluster := testenv.Cluster(t)
	cluster.Use(t)
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	profile := config.Default()
	profile.Engine, profile.Runtime, profile.Port = "kubernetes://ada", cluster.RuntimeName(t, "ada"), testenv.FreePort(t)
	profile.Image = cluster.Image(t, image)
	return cluster, profile
}

// TestCluster has Colab's page, in a browser, connect to a runtime in a cluster, with a GPU
// of it. When the API server ends, through which all goes, and is back, the next cell runs
// in the same kernel.
func TestCluster(t *testing.T) {
	testenv.Takes(t, "Jupyter and a browser have to start")
	cluster, profile := onCluster(t, testenv.Server2)
	profile.GPU = config.GPU{Count: 1}
	s, manager := startOn(t, kubernetes.Open(profile.Engine, logOf(t)), profile)
	p := openPage(t, colabOrigin, browser.PermissionSettingGranted, s)
	p.connects(t, s, s.base())

	before, err := manager.Container(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p.prints(t, s.name, p.evaluate("begin", s.base(), s.token, "import socket; here = socket.gethostname(); print(here)"))
	cluster.KillAPI(t)()
	testenv.WaitFor(t, "Jupyter", func() error {
		_, err := s.kernels()
		return err
	})
	p.prints(t, s.name, p.evaluate("resume", "print(here)"))
	testenv.WaitFor(t, "the runtime", func() error {
		after, err := manager.Container(t.Context())
		now := manager.Snapshot()
		if err == nil && (now.State != runtime.Ready || after.ID != before.ID || !after.StartedAt.Equal(before.StartedAt)) {
			err = fmt.Errorf("it is %s; the container was %+v, and is %+v", now.State, before, after)
		}
		return err
	})
}
