package runtime

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"colabtray/internal/data"
	"colabtray/internal/engine"
	"colabtray/internal/engine/memory"
	"colabtray/test/testenv"
)

// faultyVerb is a verb whose requests to the engine are met by faults.
type faultyVerb struct {
	name    string
	prepare func(r *rig) // without faults
	do      func(ctx context.Context, r *rig) error
	ends    []State // in which the runtime is when it is done
}

// faultyVerbs is given a backup in which the data are new ones, and what publishes another
// edition of the image.
func faultyVerbs(file string, publish func(change string)) []faultyVerb {
	remove := func(ctx context.Context, r *rig, o data.DeleteOptions) error {
		_, err := r.Delete(ctx, o)
		return err
	}
	absent := func(r *rig) {
		if err := remove(r.t.Context(), r, data.DeleteOptions{}); err != nil {
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
	edition := 0
	newer := func(r *rig) {
		r.mustStart()
		edition++
		publish(fmt.Sprintf("LABEL edition=%d", edition))
	}
	return []faultyVerb{
		{"start", absent, start, []State{Ready}},
		{"stop", running, func(ctx context.Context, r *rig) error { return r.Stop(ctx) }, []State{Stopped}},
		{"restart", running, restart, []State{Ready}},
		{"restart with other settings", anew, restart, []State{Ready}},
		{"update", newer, func(ctx context.Context, r *rig) error { return r.Update(ctx) }, []State{Ready}},
		{"delete", running, func(ctx context.Context, r *rig) error { return remove(ctx, r, data.DeleteOptions{}) }, []State{Absent}},
		{"delete data", running, func(ctx context.Context, r *rig) error { return remove(ctx, r, data.DeleteOptions{Data: true}) }, []State{Absent}},
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
// the verb, which leaves nothing behind. So it is on the way to an engine over ssh.
func TestFaultsOfTheEngine(t *testing.T) {
	testenv.Takes(t, "it starts many containers")
	t.Parallel()
	for name, open := range faultyEngines {
		if name != "docker" && !testenv.Full() && !testenv.EveryFault() {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			verbs := faultyVerbs("", nil)
			for _, i := range testenv.FaultySome(t, name, len(verbs), name == "docker") {
				verb := verbs[i]
				t.Run(verb.name, func(t *testing.T) {
					t.Parallel()
					meetFaults(t, open(t), i)
				})
			}
		})
	}
}

// faultyEngines are the engines by name. On Linux there is one over ssh.
var faultyEngines = map[string]func(t *testing.T) faultySite{
	"docker": faultyDocker, "podman": faultyPodman,
}

// meetFaults has faults meet requests of a verb.
func meetFaults(t *testing.T, at faultySite, verb int) {
	image, publish := at.image(t, testenv.FakeJupyter), func(string) {}
	if faultyVerbs("", nil)[verb].name == "update" {
		image, publish = editions(t)
		publish("LABEL edition=0")
	}
	r := newRigOf(t, at.site, image)
	r.Open()
	file := filepath.Join(t.TempDir(), "b")
	r.makeVolume()
	r.putTreasure("new")
	if _, err := r.Backup(t.Context(), data.BackupOptions{File: file}); err != nil {
		t.Fatal(err)
	}
	f := &faultyRig{r, at, faultyVerbs(file, publish)[verb]}

	f.verb.prepare(r)
	old := r.putTreasure("old")
	f.on.engine.Expect("", 0)
	if err := f.verb.do(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	seen := f.on.engine.Heal()
	f.after("without a fault", old)
	points := testenv.FaultPoints(t, at.faults, len(seen), at.sample)
	// Once the new container has the name, the old one cannot be put back by a dead engine.
	for i, request := range slices.Backward(seen) {
		if strings.Contains(request, "/rename?") && i+1 < len(seen) {
			points = append(points, testenv.FaultPoint{Fault: testenv.Dies, At: i + 2, Lasts: true})
			break
		}
	}
	for _, p := range points {
		f.meet(p)
	}
	t.Logf("of its %d requests, %d were met by a fault", len(seen), len(points))
}

// faultySite is an engine by way of a proxy that has faults for it.
type faultySite struct {
	site
	engine *testenv.FaultyEngine
	faults []testenv.Fault // those that meet one request
	sample bool            // one of them is enough
}

// faulty puts the proxy between a program and an engine.
func faulty(t *testing.T, at site) faultySite {
	t.Helper()
	e := testenv.NewFaultyEngine(t, at.host)
	at.address = e.Host()
	return faultySite{site: at, engine: e, faults: []testenv.Fault{testenv.Cut, testenv.Dies, testenv.Hangs}}
}

func faultyDocker(t *testing.T) faultySite {
	f := faulty(t, onDocker(t))
	f.sample = !testenv.Full()
	return f
}

func faultyPodman(t *testing.T) faultySite {
	f := faulty(t, onPodman(t))
	f.sample = true
	return f
}

// faultyRig is a runtime on an engine that has faults.
type faultyRig struct {
	*rig
	on   faultySite
	verb faultyVerb
}

// meet has the fault meet the verb at a request, and does the verb once more without.
func (f *faultyRig) meet(p testenv.FaultPoint) {
	ctx, cancel := context.WithTimeout(f.t.Context(), longEnough)
	defer cancel()
	f.verb.prepare(f.rig)
	old := f.putTreasure("old")
	seen, err := f.on.engine.Meet(ctx, p, func() { f.untilState(NoEngine) }, func(ctx context.Context) error {
		return f.verb.do(ctx, f.rig)
	})
	point := fmt.Sprintf("%s, %s at %d of %q, after which it said %v", f.verb.name, p.Fault, p.At, seen, err)
	f.t.Logf("%s at %d", p.Fault, p.At)
	if p.Fault == testenv.Slow && err != nil {
		f.t.Error(point)
	}
	f.settle(point, err != nil && f.verb.name != "stop")
	f.hasData(point, old)
	if err := f.verb.do(f.t.Context(), f.rig); err != nil {
		f.t.Errorf("%s: done once more: %v (%+v)", point, err, f.Snapshot().Problem)
	}
	f.after(point, old)
}

// after looks at what the verb left that was done.
func (f *faultyRig) after(point, old string) {
	f.t.Helper()
	f.settle(point, false)
	if state := f.Snapshot().State; !slices.Contains(f.verb.ends, state) {
		f.t.Errorf("%s: done once more, it is %s", point, state)
	} else if state != Absent {
		f.mustBeAlone()
	}
	f.noHelpers()
	f.hasData(point, old)
}

// settle waits until the program shows what is so, or else that the verb has failed.
func (f *faultyRig) settle(point string, failed bool) {
	f.t.Helper()
	testenv.WaitFor(f.t, "what is so to be shown: "+point, func() error {
		if shown := f.Snapshot(); !slices.Contains([]State{Ready, Stopped, Absent, Failed}, shown.State) {
			return fmt.Errorf("the program shows %s, %+v", shown.State, shown.Problem)
		}
		is := f.docker("ps", "-a", "--filter", "name=^/?"+f.profile.Runtime+"$", "--format", "{{.State}}")
		shown := f.Snapshot()
		switch {
		case is == "running" && shown.State == Ready,
			(is == "exited" || is == "created") && shown.State == Stopped,
			is == "" && shown.State == Absent,
			is != "running" && shown.State == Failed && failed:
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

// unheard is an engine whose answer to a stop gets lost.
type unheard struct{ *memory.Engine }

func (u unheard) Stop(ctx context.Context, id string, grace time.Duration) error {
	return errors.Join(u.Engine.Stop(ctx, id, grace), engine.ErrHangsUp)
}

// TestStopWithoutAnswer: a runtime that stands still is stopped, whatever became of the
// engine's answer.
func TestStopWithoutAnswer(t *testing.T) {
	t.Parallel()
	r := newRig(t, inMemory(t), testenv.Server2)
	r.memory.as = unheard{r.memory.Engine}
	r.Open()
	r.mustStart()
	if err := r.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if s := r.Snapshot(); s.State != Stopped || s.Problem != nil {
		t.Errorf("it is %s, %+v", s.State, s.Problem)
	}
}

// forgetful is an engine that loses the answers to inspections while it is told to.
type forgetful struct {
	*memory.Engine
	loses *atomic.Bool
	lost  chan struct{}
}

func (u forgetful) Inspect(ctx context.Context, name string) (engine.Container, error) {
	c, err := u.Engine.Inspect(ctx, name)
	if u.loses.Load() {
		select {
		case u.lost <- struct{}{}:
		default:
		}
		return engine.Container{}, errors.Join(err, engine.ErrHangsUp)
	}
	return c, err
}

// TestInspectionIsLost: what the last event told of is shown, also when the engine's answer
// to the question that followed got lost.
func TestInspectionIsLost(t *testing.T) {
	t.Parallel()
	r := newRig(t, inMemory(t), testenv.Server2)
	var loses atomic.Bool
	lost := make(chan struct{}, 1)
	r.memory.as = forgetful{r.memory.Engine, &loses, lost}
	r.Open()
	r.mustStart()
	loses.Store(true)
	if err := r.memory.Stop(t.Context(), r.profile.Runtime, longEnough); err != nil {
		t.Fatal(err)
	}
	<-lost
	<-lost // the pause between them is over
	loses.Store(false)
	r.untilState(Stopped)
}
