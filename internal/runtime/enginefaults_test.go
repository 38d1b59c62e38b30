package runtime

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"colabtray/internal/data"
	"colabtray/test/testenv"
)

// faultyVerb is a verb whose requests to the engine are met by faults.
type faultyVerb struct {
	name    string
	prepare func(r *rig) // without faults
	do      func(ctx context.Context, r *rig) error
	ends    []State // in which the runtime is when it is done
}

// faultyVerbs is given a backup in which the data are new ones.
func faultyVerbs(file string) []faultyVerb {
	absent := func(r *rig) {
		if _, err := r.Delete(r.t.Context(), data.DeleteOptions{}); err != nil {
			r.t.Fatal(err)
		}
	}
	running := func(r *rig) { r.mustStart() }
	start := func(ctx context.Context, r *rig) error { return r.Start(ctx) }
	restart := func(ctx context.Context, r *rig) error { return r.Restart(ctx) }
	anew := func(r *rig) {
		r.mustStart()
		r.profile.Memory ^= 1 << 30
		r.SetProfile(r.profile)
	}
	return []faultyVerb{
		{"start", absent, start, []State{Ready}},
		{"stop", running, func(ctx context.Context, r *rig) error { return r.Stop(ctx) }, []State{Stopped}},
		{"restart", running, restart, []State{Ready}},
		{"restart with other settings", anew, restart, []State{Ready}},
		{"delete", running, func(ctx context.Context, r *rig) error {
			_, err := r.Delete(ctx, data.DeleteOptions{})
			return err
		}, []State{Absent}},
		{"delete data", running, func(ctx context.Context, r *rig) error {
			_, err := r.Delete(ctx, data.DeleteOptions{Data: true})
			return err
		}, []State{Absent}},
		{"backup", running, func(ctx context.Context, r *rig) error {
			_, err := r.Backup(ctx, data.BackupOptions{File: file + "-again", Force: true})
			return err
		}, []State{Ready, Stopped}},
		{"restore", running, func(ctx context.Context, r *rig) error {
			_, err := r.Restore(ctx, data.RestoreOptions{File: file, Confirm: yes})
			return err
		}, []State{Ready, Stopped}},
	}
}

// TestFaultsOfTheEngine: whatever verb and whatever request a fault of the engine meets,
// no data are lost, and when the fault is over the program shows what is so and does
// the verb, which leaves nothing behind.
func TestFaultsOfTheEngine(t *testing.T) {
	realEngine(t)
	testenv.Takes(t, "it starts many containers")
	for i, verb := range faultyVerbs("") {
		t.Run(verb.name, func(t *testing.T) {
			t.Parallel()
			at := onDocker(t)
			engine := testenv.NewFaultyEngine(t, at.host)
			at.host = engine.Host()
			r := newRig(t, at, testenv.FakeJupyter)
			r.Open()
			file := filepath.Join(t.TempDir(), "b")
			r.putTreasure("new")
			if _, err := r.Backup(t.Context(), data.BackupOptions{File: file}); err != nil {
				t.Fatal(err)
			}
			f := &faultyRig{r, engine, faultyVerbs(file)[i]}

			f.verb.prepare(r)
			old := r.putTreasure("old")
			engine.Expect("", 0)
			if err := f.verb.do(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			requests := len(engine.Heal())
			f.after("without a fault", old)
			tried := 0
			for _, fault := range []testenv.Fault{testenv.Cut, testenv.Dies, testenv.Hangs, testenv.Slow} {
				for _, at := range faultyRequests(t, fault, requests) {
					tried++
					f.meet(fault, at)
				}
			}
			t.Logf("%d of the %d requests were met", tried, requests)
		})
	}
}

// faultSeed is what the choice of requests depends on.
var faultSeed = sync.OnceValues(func() (uint64, error) {
	if text := os.Getenv("COLAB_TRAY_TEST_SEED"); text != "" {
		return strconv.ParseUint(text, 10, 64)
	}
	return rand.Uint64(), nil
})

// faultyRequests chooses the requests that a fault meets: one, or with CI set every
// fourth. A slow engine is slow from the first one on.
func faultyRequests(t *testing.T, fault testenv.Fault, requests int) (numbers []int) {
	t.Helper()
	if fault == testenv.Slow {
		return []int{1}
	}
	seed, err := faultSeed()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("COLAB_TRAY_TEST_SEED=%d chooses these requests", seed)
	name := fnv.New64a()
	fmt.Fprint(name, t.Name(), fault)
	random := rand.New(rand.NewPCG(seed, name.Sum64()))
	if !testenv.Full() {
		return []int{1 + random.IntN(requests)}
	}
	for at := 1 + random.IntN(4); at <= requests; at += 4 {
		numbers = append(numbers, at)
	}
	return numbers
}

// faultyRig is a runtime on an engine that has faults.
type faultyRig struct {
	*rig
	engine *testenv.FaultyEngine
	verb   faultyVerb
}

// meet has the fault meet the verb at a request, and does the verb once more without.
func (f *faultyRig) meet(fault testenv.Fault, at int) {
	ctx, cancel := context.WithTimeout(f.t.Context(), longEnough)
	defer cancel()
	f.verb.prepare(f.rig)
	old := f.putTreasure("old")
	struck := f.engine.Expect(fault, at)
	done := make(chan error, 1)
	go func() { done <- f.verb.do(ctx, f.rig) }()
	var err error
	ended := false
	select {
	case <-struck:
	case err = <-done: // it had fewer requests this time
		ended = true
	}
	switch {
	case ended:
	case fault == testenv.Dies:
		f.untilState(NoEngine)
	case fault == testenv.Hangs:
		cancel() // the person gives up
	case fault == testenv.Slow:
		err, ended = <-done, true
		if err != nil {
			f.t.Errorf("%s, %s: %v", f.verb.name, fault, err)
		}
	}
	seen := f.engine.Heal()
	if !ended {
		err = <-done
	}
	point := fmt.Sprintf("%s, %s at %d of %q, after which it said %v", f.verb.name, fault, at, seen, err)
	f.settle(point)
	f.hasData(point, old)
	if err := f.verb.do(f.t.Context(), f.rig); err != nil {
		f.t.Errorf("%s: done once more: %v (%+v)", point, err, f.Snapshot().Problem)
	}
	f.after(point, old)
}

// after looks at what the verb left that was done.
func (f *faultyRig) after(point, old string) {
	f.t.Helper()
	f.settle(point)
	if state := f.Snapshot().State; !slices.Contains(f.verb.ends, state) {
		f.t.Errorf("%s: done once more, it is %s", point, state)
	} else if state != Absent {
		f.mustBeAlone()
	}
	f.noHelpers()
	f.hasData(point, old)
}

// settle waits until the program shows what is so.
func (f *faultyRig) settle(point string) {
	f.t.Helper()
	testenv.WaitFor(f.t, "what is so to be shown: "+point, func() error {
		is := f.docker("ps", "-a", "--filter", "name=^/"+f.profile.Runtime+"$", "--format", "{{.State}}")
		shown := f.Snapshot()
		switch {
		case is == "running" && shown.State == Ready,
			(is == "exited" || is == "created") && shown.State == Stopped,
			is == "" && shown.State == Absent:
			return nil
		}
		return fmt.Errorf("the container is %q, and the program shows %s, %+v", is, shown.State, shown.Problem)
	})
}

// putTreasure puts data into the volume that must not get lost, and returns what they are.
func (r *rig) putTreasure(kind string) string {
	r.t.Helper()
	return r.inVolume("echo " + kind + " > kind; head -c 300000 /dev/urandom > data; chown 1000:100 . kind data; cat kind; sha256sum data")
}

// hasData asserts that the data are in the volume, or else in the newest backup, which
// it restores. After a restore they can be those of its backup.
func (f *faultyRig) hasData(point, old string) {
	f.t.Helper()
	if !f.HasVolume() {
		if _, err := f.Restore(f.t.Context(), data.RestoreOptions{}); err != nil {
			f.t.Fatalf("%s: the volume is gone, and its backup: %v", point, err)
		}
	}
	got := f.inVolume("cat kind; sha256sum data")
	if restored := f.verb.name == "restore" && strings.HasPrefix(got, "new\n"); got != old && !restored {
		f.t.Errorf("%s: the volume has %q, not %q", point, got, old)
	}
}
