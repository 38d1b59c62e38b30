package colabpage

import (
	"errors"
	"strings"
	"testing"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/engine/kubernetes"
	"colabtray/internal/problem"
	"colabtray/internal/runtime"
	"colabtray/internal/secret"
	"colabtray/test/testenv"
)

// TestClusterRemade: on a cluster, a restart applies other settings, goes back to those of
// before where they do not work, and a start can do without the GPU. The data stay.
func TestClusterRemade(t *testing.T) {
	testenv.Takes(t, "it runs pods on a real cluster")
	cluster, profile := onCluster(t, testenv.FakeJupyter)
	profile.GPU = config.GPU{Count: 1}
	profile.Env = []config.Variable{{Name: "WORD", Value: secret.New("first")}}
	_, manager := startOn(t, kubernetes.Open(profile.Engine, logOf(t)), profile)
	runs := func(script, want string) {
		t.Helper()
		var out strings.Builder
		code, err := manager.Shell(t.Context(), engine.Command{Args: []string{"sh", "-c", script}, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out})
		if err != nil || code != 0 || out.String() != want {
			t.Errorf("%s: %q, exit code %d, %v", script, &out, code, err)
		}
	}
	ask := func(what, path string) string {
		t.Helper()
		return cluster.Kubectl(t, "--namespace="+cluster.Namespace("ada"), "get", what, "--selector=app.kubernetes.io/instance="+profile.Runtime, "--output=jsonpath="+path)
	}
	const limits = "{.items[*].spec.containers[0].resources.limits}"
	changed := func(change func(*config.Profile)) {
		t.Helper()
		next := manager.Profile()
		change(&next)
		manager.SetProfile(next)
		for s := range manager.Watch(t.Context()) {
			if s.RestartToApply {
				return
			}
		}
	}
	settled := func(apply bool, want string) {
		t.Helper()
		s := manager.Snapshot()
		if got := ask("pods", limits); s.State != runtime.Ready || s.RestartToApply != apply || got != want {
			t.Errorf("it is %s, to be restarted: %t, problem %+v, and the pod has the limits %s", s.State, s.RestartToApply, s.Problem, got)
		}
		if secrets, records := ask("secrets", "{.items[*].metadata.name}"), ask("configmaps", "{.items[*].data}"); strings.Contains(secrets, " ") || strings.Contains(records, "reserve.json") {
			t.Errorf("left are the secrets %s and the records %s", secrets, records)
		}
		runs(`cat ~/work.txt`, "kept\n")
	}
	if s := manager.Snapshot(); s.RestartToApply {
		t.Errorf("what was just made is to be restarted: %+v", s)
	}
	runs(`echo kept >~/work.txt; echo "$WORD"`, "first\n")

	changed(func(p *config.Profile) {
		p.Memory = 256 << 20
		p.Env = []config.Variable{{Name: "WORD", Value: secret.New("second")}}
	})
	if err := manager.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	const applied = `{"memory":"268435456","nvidia.com/gpu":"1"}`
	settled(false, applied)
	runs(`echo "$WORD"`, "second\n")

	good := manager.Profile()
	changed(func(p *config.Profile) {
		p.Command = []string{"sh", "-c", "echo no such thing >&2; exit 3"}
		p.Env = nil
	})
	var shown *problem.Problem
	if err := manager.Restart(t.Context()); !errors.As(err, &shown) || shown.Code != problem.RolledBack || !strings.Contains(shown.Hint, "no such thing") {
		t.Errorf("with bad settings: %+v, %v", shown, err)
	}
	for s := range manager.Watch(t.Context()) {
		if s.State == runtime.Ready {
			break
		}
	}
	if p := manager.Snapshot().Problem; p == nil || p.Code != problem.RolledBack {
		t.Errorf("what went wrong is forgotten: %+v", p)
	}
	settled(true, applied)
	runs(`echo "$WORD"`, "second\n")

	manager.SetProfile(good)
	if err := manager.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := manager.StartWithoutGPU(t.Context()); err != nil {
		t.Fatal(err)
	}
	settled(true, `{"memory":"268435456"}`)
}
