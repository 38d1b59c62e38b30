package colabpage

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"colabtray/internal/config"
	"colabtray/internal/data"
	"colabtray/internal/engine/kubernetes"
	"colabtray/internal/runtime"
	"colabtray/internal/secret"
	"colabtray/test/testenv"
)

// clusterVerb is a verb whose requests to a cluster are met by faults.
type clusterVerb struct {
	name    string
	prepare func(ctx context.Context) error // without faults, of a runtime that is ready
	do      func(ctx context.Context) error
	ends    []runtime.State // in which the runtime is when it is done
}

// clusterFaults is a runtime on a cluster whose API server has faults.
type clusterFaults struct {
	t       *testing.T
	cluster *testenv.KubernetesCluster
	faulty  *testenv.FaultyEngine
	*runtime.Manager
	file string // a backup in which the data are new ones
}

// TestFaultsOfTheCluster: whatever verb and whatever request a fault of the API server
// meets, no data are lost, and when the fault is over the program shows what is so and does
// the verb, which leaves nothing behind. On the way to the server are all of kubectl's
// commands.
func TestFaultsOfTheCluster(t *testing.T) {
	testenv.Takes(t, "it runs many pods on a real cluster")
	cluster, profile := onCluster(t, testenv.FakeJupyter)
	profile.Env = []config.Variable{{Name: "WORD", Value: secret.New("first")}}
	faulty := cluster.Faulty(t, "ada")
	_, manager := startOn(t, kubernetes.Open(profile.Engine, logOf(t)), profile)
	f := &clusterFaults{t, cluster, faulty, manager, filepath.Join(t.TempDir(), "backup.tar.zst")}
	f.putTreasure("new")
	if _, err := f.Backup(t.Context(), data.BackupOptions{File: f.file}); err != nil {
		t.Fatal(err)
	}
	verbs := f.verbs()
	for _, i := range testenv.FaultySome(t, "kubernetes", len(verbs), false) {
		verb := verbs[i]
		t.Run(verb.name, func(t *testing.T) {
			of := *f
			of.t = t
			of.meetAll(verb)
		})
	}
}

func (f *clusterFaults) verbs() []clusterVerb {
	nothing := func(context.Context) error { return nil }
	remove := func(o data.DeleteOptions) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := f.Delete(ctx, o)
			return err
		}
	}
	ready, stopped, absent := []runtime.State{runtime.Ready}, []runtime.State{runtime.Stopped}, []runtime.State{runtime.Absent}
	rests := []runtime.State{runtime.Ready, runtime.Stopped}
	forget := func(ctx context.Context) error { // what is known of images, so that one is pulled
		f.forgetImages()
		return remove(data.DeleteOptions{})(ctx)
	}
	return []clusterVerb{
		{"start", remove(data.DeleteOptions{}), f.Start, ready},
		{"start with a pull", forget, f.Start, ready},
		{"stop", nothing, f.Stop, stopped},
		{"restart", nothing, f.Restart, ready},
		{"restart with other settings", func(context.Context) error {
			next := f.Profile()
			next.Memory ^= 1 << 30
			f.SetProfile(next)
			return nil
		}, f.Restart, ready},
		{"delete", nothing, remove(data.DeleteOptions{}), absent},
		{"delete data", nothing, remove(data.DeleteOptions{Data: true}), absent},
		{"backup", nothing, func(ctx context.Context) error {
			_, err := f.Backup(ctx, data.BackupOptions{File: f.file + "-again", Force: true})
			return err
		}, rests},
		{"restore", nothing, func(ctx context.Context) error {
			_, err := f.Restore(ctx, data.RestoreOptions{
				File: f.file, Confirm: func(context.Context, data.Backup) (bool, error) { return true, nil },
			})
			return err
		}, rests},
	}
}

// meetAll has faults meet requests of a verb.
func (f *clusterFaults) meetAll(verb clusterVerb) {
	old := f.prepare(verb)
	f.faulty.Expect("", 0)
	if err := verb.do(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
	seen := f.faulty.Heal()
	f.after(verb, "without a fault", old)
	points := testenv.FaultPoints(f.t, []testenv.Fault{testenv.Cut, testenv.Dies, testenv.Hangs}, len(seen), true)
	for _, p := range points {
		f.meet(verb, p)
	}
	f.t.Logf("of its %d requests, %d were met by a fault", len(seen), len(points))
}

// meet has the fault meet the verb at a request, and does the verb once more without.
func (f *clusterFaults) meet(verb clusterVerb, p testenv.FaultPoint) {
	old := f.prepare(verb)
	seen, err := f.faulty.Meet(f.t.Context(), p, f.untilNoEngine, verb.do)
	met := "none"
	if len(seen) >= p.At {
		met = seen[p.At-1]
	}
	point := fmt.Sprintf("%s, %s at %d, %s, after which it said %v", verb.name, p.Fault, p.At, met, err)
	f.t.Log(point)
	if p.Fault == testenv.Slow && err != nil {
		f.t.Error(point)
	}
	f.settle(point, err != nil && verb.name != "stop")
	f.hasData(verb, point, old)
	if err := verb.do(f.t.Context()); err != nil {
		f.t.Errorf("%s: done once more: %v (%+v)", point, err, f.Snapshot().Problem)
	}
	f.after(verb, point, old)
}

func (f *clusterFaults) untilNoEngine() {
	for s := range f.Watch(f.t.Context()) {
		if s.State == runtime.NoEngine {
			return
		}
	}
}

// prepare returns the data of the runtime, on which the verb is about to be done.
func (f *clusterFaults) prepare(verb clusterVerb) (old string) {
	f.t.Helper()
	if err := f.Start(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
	old = f.putTreasure("old")
	if err := verb.prepare(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
	return old
}

// after looks at what the verb left that was done.
func (f *clusterFaults) after(verb clusterVerb, point, old string) {
	f.t.Helper()
	f.settle(point, false)
	state := f.Snapshot().State
	if !slices.Contains(verb.ends, state) {
		f.t.Errorf("%s: done once more, it is %s", point, state)
	}
	want := map[runtime.State]string{
		runtime.Absent:  "",
		runtime.Stopped: "configmap configmap secret",
		runtime.Ready:   "configmap configmap pod secret",
	}[state]
	testenv.WaitFor(f.t, "what is over to be gone: "+point, func() error {
		if got := f.left(); got != want { // pods that were deleted take a while to end
			return fmt.Errorf("done once more, it is %s, and there are %q", state, got)
		}
		return nil
	})
	if reserve := f.ask("get", "configmaps", "--output=jsonpath={.items[*].data.reserve\\.json}"); reserve != "" {
		f.t.Errorf("%s: in reserve is %s", point, reserve)
	}
	f.hasData(verb, point, old)
}

// settle waits until the program shows what is so, or else that the verb has failed.
func (f *clusterFaults) settle(point string, failed bool) {
	f.t.Helper()
	testenv.WaitFor(f.t, "what is so to be shown: "+point, func() error {
		// A helper that was left is for the next operation.
		of := "--selector=app.kubernetes.io/instance=" + f.Profile().Runtime + ",!dev.colabtray.helper"
		record := f.ask("get", "configmaps", "--output=name", of)
		phase := f.ask("get", "pods", "--output=jsonpath={.items[*].status.phase}", of)
		switch shown := f.Snapshot(); {
		case record != "" && phase == "Running" && shown.State == runtime.Ready,
			record != "" && phase == "" && shown.State == runtime.Stopped,
			record == "" && phase == "" && shown.State == runtime.Absent,
			phase != "Running" && shown.State == runtime.Failed && failed:
			return nil
		default:
			return fmt.Errorf("there are the record %q and pods %q, and the program shows %s, %+v", record, phase, shown.State, shown.Problem)
		}
	})
}

// ask asks the cluster of what the program has made in ada's namespace.
func (f *clusterFaults) ask(arguments ...string) string {
	f.t.Helper()
	return f.cluster.Kubectl(f.t, append([]string{"--namespace=" + f.cluster.Namespace("ada")}, arguments...)...)
}

// imageFacts is how what is known of an image begins.
const imageFacts = "configmap/colab-tray-image-"

// forgetImages removes what is known of images.
func (f *clusterFaults) forgetImages() {
	f.t.Helper()
	for object := range strings.FieldsSeq(f.ask("get", "configmaps", "--output=name")) {
		if strings.HasPrefix(object, imageFacts) {
			f.ask("delete", object)
		}
	}
}

// left returns which kinds of objects are there, each as often as it is. What is known of
// images stays.
func (f *clusterFaults) left() string {
	f.t.Helper()
	var kinds []string
	for _, object := range strings.Fields(f.ask("get", "pods,configmaps,secrets", "--output=name", "--selector=app.kubernetes.io/managed-by=colab-tray")) {
		if kind, _, _ := strings.Cut(object, "/"); !strings.HasPrefix(object, imageFacts) {
			kinds = append(kinds, kind)
		}
	}
	slices.Sort(kinds)
	return strings.Join(kinds, " ")
}

// putTreasure puts data into the volume that must not get lost, and returns what they are.
func (f *clusterFaults) putTreasure(kind string) string {
	f.t.Helper()
	return f.inVolume("cd /volume; echo " + kind + " >kind; head -c 300000 /dev/urandom >data; cat kind; sha256sum data")
}

func (f *clusterFaults) inVolume(script string) string {
	f.t.Helper()
	p := f.Profile()
	return f.cluster.WithClaim(f.t, "ada", p.Volume(), p.Image, script)
}

// hasData asserts that the data are in the volume, or else in the newest backup, which it
// restores. After a restore they can be those of its backup.
func (f *clusterFaults) hasData(verb clusterVerb, point, old string) {
	f.t.Helper()
	if f.ask("get", "persistentvolumeclaims", "--output=name", "--field-selector=metadata.name="+f.Profile().Volume()) == "" {
		if _, err := f.Restore(f.t.Context(), data.RestoreOptions{}); err != nil {
			f.t.Fatalf("%s: the volume is gone, and its backup: %v", point, err)
		}
	}
	got := f.inVolume("cd /volume; cat kind; sha256sum data")
	if restored := verb.name == "restore" && strings.HasPrefix(got, "new\n"); got != old && !restored {
		f.t.Errorf("%s: the volume has %q, not %q", point, got, old)
	}
}
