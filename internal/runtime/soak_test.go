package runtime

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	goruntime "runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"colabtray/internal/data"
	"colabtray/test/testenv"
)

// soakMinutes is the variable with how many minutes [TestSoak] walks on each engine.
const soakMinutes = "COLAB_TRAY_SOAK"

// TestSoak walks at random over what people ask for and what goes wrong, and looks after
// each step at what must be so whatever happened. It reports what it finds, mends that by
// hand and goes on. `make soak` runs it; a seed repeats the choices, not their timing.
func TestSoak(t *testing.T) {
	minutes, err := strconv.ParseFloat(os.Getenv(soakMinutes), 64)
	if err != nil {
		t.Skip("takes as many minutes on each engine as " + soakMinutes + " says")
	}
	seed := testenv.FaultSeed(t)
	for _, name := range []string{"docker", "podman"} {
		t.Run(name, func(t *testing.T) {
			fmt.Printf("COLAB_TRAY_TEST_SEED=%d makes the choices of this walk on %s\n", seed, name)
			newSoak(t, sites[name](t), rand.New(rand.NewPCG(seed, 0))).walk(time.Duration(minutes * float64(time.Minute)))
		})
	}
}

// soak is a walk over one runtime.
type soak struct {
	*rig
	engine   *testenv.FaultyEngine
	direct   string // the address of the engine, where nothing is faulty
	random   *rand.Rand
	state    string // the directory with all that the program keeps
	backup   string
	treasure string
	editions []string // images that the profile's reference can mean

	dumps string // the directory for what goroutines did

	anew     bool // the program is to be made anew after the verb
	trail    []string
	findings int
	counts   map[string]int
	right    []time.Duration // how long what is so was not shown, by step
}

func newSoak(t *testing.T, at site, random *rand.Rand) *soak {
	s := &soak{random: random, direct: at.host, state: t.TempDir(), dumps: os.TempDir(), counts: map[string]int{}}
	s.engine = testenv.NewFaultyEngine(t, at.host)
	at.host = s.engine.Host()
	s.rig = newRigOf(t, at, "localhost/soak:1")
	s.profile.Image = "localhost/" + s.profile.Runtime + ":1" // that cannot be pulled, and is built here
	s.backups, s.locks = filepath.Join(s.state, "backups"), filepath.Join(s.state, "locks")
	for _, name := range []string{"TMPDIR", "XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"} {
		dir := filepath.Join(s.state, name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		t.Setenv(name, dir)
	}
	for i := range 2 {
		made := fmt.Sprintf("localhost/%s-edition:%d", s.profile.Runtime, i)
		testenv.Docker(t, "create", "--name", s.profile.Runtime, testenv.Image(t, testenv.FakeJupyter))
		testenv.Docker(t, "commit", "--change", fmt.Sprintf("LABEL edition=%d", i), s.profile.Runtime, made)
		testenv.Docker(t, "rm", s.profile.Runtime)
		at.image(t, made)
		s.editions = append(s.editions, made)
	}
	s.others("tag", s.editions[0], s.profile.Image)
	t.Cleanup(func() {
		s.others("rm", "-f", s.profile.Runtime)
		s.others(append([]string{"rmi", "-f", s.profile.Image}, s.editions...)...)
		if s.podman != nil {
			testenv.Docker(t, append([]string{"rmi", "-f"}, s.editions...)...)
		}
	})
	return s
}

// open makes the program anew, sometimes with other settings.
func (s *soak) open() {
	s.wakes = s.random.IntN(3) == 0
	s.profile.Wake = s.wakes
	s.begin()
}

// others has somebody else do something at the engine, which may fail.
func (s *soak) others(args ...string) string {
	out, _ := exec.Command("docker", append([]string{"--host", s.direct}, args...)...).Output()
	return strings.TrimSpace(string(out))
}

// soakVerb is something that people ask for. Where it is not sure, it may fail without a
// fault, too.
type soakVerb struct {
	name string
	sure bool
	do   func(s *soak, ctx context.Context, m *Manager) error
}

var soakVerbs = []soakVerb{
	{"start", true, func(_ *soak, ctx context.Context, m *Manager) error { return m.Start(ctx) }},
	{"stop", true, func(_ *soak, ctx context.Context, m *Manager) error { return m.Stop(ctx) }},
	{"restart", true, func(_ *soak, ctx context.Context, m *Manager) error { return m.Restart(ctx) }},
	{"restart with other settings", true, func(s *soak, ctx context.Context, m *Manager) error {
		p := m.Profile()
		p.Memory ^= 1 << 30
		m.SetProfile(p)
		return m.Restart(ctx)
	}},
	{"delete", true, func(_ *soak, ctx context.Context, m *Manager) error {
		_, err := m.Delete(ctx, data.DeleteOptions{})
		return err
	}},
	{"backup", true, func(_ *soak, ctx context.Context, m *Manager) error {
		_, err := m.BackupOwn(ctx, nil)
		return err
	}},
	{"restore", true, func(s *soak, ctx context.Context, m *Manager) error {
		_, err := m.Restore(ctx, data.RestoreOptions{File: s.backup, Confirm: yes})
		return err
	}},
	{"update", false, func(s *soak, ctx context.Context, m *Manager) error { return m.Update(ctx) }},
	{"go back to the image before", false, func(_ *soak, ctx context.Context, m *Manager) error { return m.UndoUpdate(ctx) }},
	{"copy in", true, func(s *soak, ctx context.Context, m *Manager) error {
		_, err := m.CopyIn(ctx, data.CopyOptions{Host: s.backup, Runtime: fmt.Sprintf("copied-%x", rand.Uint64())})
		return err
	}},
	{"copy out", true, func(s *soak, ctx context.Context, m *Manager) error {
		out := filepath.Join(s.state, "out")
		defer os.RemoveAll(out)
		_, err := m.CopyOut(ctx, data.CopyOptions{Runtime: "treasure.ipynb", Host: out})
		return err
	}},
	{"list files", true, func(_ *soak, ctx context.Context, m *Manager) error {
		_, err := m.ListFiles(ctx, "")
		return err
	}},
	{"nothing", true, func(_ *soak, ctx context.Context, m *Manager) error { return nil }},
}

// soakActs is what others do with the container.
var soakActs = [][]string{{"kill"}, {"stop", "-t", "1"}, {"start"}, {"restart", "-t", "1"}, {"pause"}, {"unpause"}, {"rm", "-f"}}

const renamed = "-elsewhere" // what others add to the name of the container

// walk makes steps for a while.
func (s *soak) walk(long time.Duration) {
	before := s.resources()
	s.open()
	s.t.Cleanup(func() { s.stop() })
	s.mustStart()
	s.putTreasures()
	s.backup = filepath.Join(s.state, "b")
	if _, err := s.Backup(s.t.Context(), data.BackupOptions{File: s.backup}); err != nil {
		s.t.Fatal(err)
	}
	began, steps := time.Now(), 0
	for told := time.Now(); time.Since(began) < long && s.findings < 20; steps++ {
		s.step()
		if steps%10 == 9 {
			s.stop()
			s.sameResources(before)
			s.open()
		}
		if time.Since(told) > time.Minute {
			told = time.Now()
			fmt.Printf("%s: %d steps, %d findings\n", s.t.Name(), steps, s.findings)
		}
	}
	s.stop()
	s.sameResources(before)
	s.report(steps)
}

func (s *soak) report(steps int) {
	late := 0
	for _, d := range s.right {
		if d > 2*time.Second {
			late++
		}
	}
	slices.Sort(s.right)
	fmt.Printf("%s: %d steps, %d findings; what is so was shown after %v (median), %v (worst), %d times after more than 2 s\n",
		s.t.Name(), steps, s.findings, s.right[len(s.right)/2], s.right[len(s.right)-1], late)
	for _, name := range slices.Sorted(maps.Keys(s.counts)) {
		fmt.Printf("%6d %s\n", s.counts[name], name)
	}
}

// step has a verb meet something that goes wrong, or nothing, and looks at what is left.
func (s *soak) step() {
	v := soakVerbs[s.random.IntN(len(soakVerbs))]
	m := s.Manager
	if v.name == "update" {
		s.others("tag", s.editions[s.random.IntN(len(s.editions))], s.profile.Image)
	}
	s.logMu.Lock()
	s.log.Reset()
	s.logMu.Unlock()
	ctx, cancel := context.WithTimeout(s.t.Context(), longEnough)
	defer cancel()
	name, fault, meet := s.disturbance(cancel)
	s.counts[v.name]++
	s.counts["met by: "+name]++
	at := 1 + s.random.IntN(12)
	s.note("%s, met by %s at request %d", v.name, name, at)
	struck := s.engine.Expect(fault, at)
	done := make(chan error, 1)
	go func() { done <- v.do(s, ctx, m) }()
	var err error
	ended := false
	if v.name == "nothing" && meet != nil {
		s.others("restart", "-t", "1", s.profile.Runtime) // which the program looks at
	}
	select {
	case <-struck:
	case err = <-done:
		ended = true
	}
	if meet != nil {
		meet()
	}
	seen := s.engine.Heal()
	if !ended {
		select {
		case err = <-done:
		case <-time.After(longEnough + 30*time.Second):
			s.finding("it does not end, of %q", seen)
			s.dump()
			s.stop()
			err = <-done
			s.open()
		}
	}
	if s.anew {
		s.anew = false
		s.stop()
		s.open()
	}
	s.note("it said %v %v", err, explained(err))
	if errors.Is(err, context.DeadlineExceeded) || ctx.Err() == context.DeadlineExceeded {
		s.finding("it took all the time, of %q", seen)
		s.dump()
	}
	if err != nil && v.sure && meet == nil && fault == "" {
		s.finding("it failed")
	}
	s.comeBack()
	s.settle(true)
	s.recover()
}

// disturbance chooses what meets the verb: a fault of the engine, what is done meanwhile,
// or nothing.
func (s *soak) disturbance(giveUp func()) (name string, fault testenv.Fault, meet func()) {
	a := s.random.IntN(len(soakActs))
	act := func() { s.others(append(soakActs[a], s.profile.Runtime)...) }
	while := time.Duration(s.random.IntN(1500)) * time.Millisecond
	wait := func() { time.Sleep(while) } // for as long as the fault lasts
	both := s.random.IntN(3) == 0
	during := func(do func()) func() {
		return func() {
			if both {
				act()
			}
			wait()
			if do != nil {
				do()
			}
		}
	}
	suffix := ""
	if both {
		suffix = " while others " + soakActs[a][0] + " it"
	}
	switch s.random.IntN(12) {
	case 0, 1:
		return "nothing", "", nil
	case 2:
		return string(testenv.Cut) + suffix, testenv.Cut, during(nil)
	case 3:
		return string(testenv.Dies) + suffix, testenv.Dies, during(nil)
	case 4:
		return string(testenv.Hangs) + suffix, testenv.Hangs, during(nil)
	case 5:
		return string(testenv.Hangs) + " and it is given up" + suffix, testenv.Hangs, during(giveUp)
	case 6:
		return string(testenv.Slow) + suffix, testenv.Slow, during(nil)
	case 7, 8:
		return "others " + soakActs[a][0] + " it", "", act
	case 9:
		return "others rename it", "", func() {
			s.others("rename", s.profile.Runtime, s.profile.Runtime+renamed)
			wait()
		}
	case 10:
		if both {
			return "it is given up", "", giveUp
		}
		return "the program ends and begins anew", "", func() { giveUp(); s.anew = true }
	default:
		other := soakVerbs[s.random.IntN(len(soakVerbs))]
		who, another := s.Manager, "another click"
		end := func() {}
		if both {
			who, end = s.besides()
			another = "another program"
		}
		return another, "", func() {
			defer end()
			s.note("beside it: %s", other.name)
			ctx, cancel := context.WithTimeout(s.t.Context(), longEnough)
			defer cancel()
			err := other.do(s, ctx, who)
			s.note("which said %v", err)
			if ctx.Err() != nil {
				s.finding("%s beside it took all the time", other.name)
				s.dump()
			}
		}
	}
}

// besides is [rig.beside] with its end.
func (s *soak) besides() (another *Manager, end func()) {
	first, stop := s.Manager, s.stop
	s.begin()
	another, end = s.Manager, s.stop
	s.Manager, s.stop = first, stop
	return another, end
}

// comeBack undoes that others have renamed the container.
func (s *soak) comeBack() {
	name := s.profile.Runtime
	switch {
	case s.is(name+renamed) == "":
	case s.is(name) == "" && s.random.IntN(2) == 0:
		s.others("rename", name+renamed, name)
	default:
		s.others("rm", "-f", name+renamed)
	}
}

// is returns the state of a container, as the engine says.
func (s *soak) is(name string) string {
	return s.others("inspect", "--type", "container", "--format", "{{.State.Status}}", name)
}

// recover has the program do what people do after something has gone wrong, without
// faults. Then nothing may be left.
func (s *soak) recover() {
	ctx, cancel := context.WithTimeout(s.t.Context(), longEnough)
	defer cancel()
	do, what := s.Restart, "restart"
	switch s.random.IntN(6) {
	case 0:
		do, what = s.Stop, "stop"
	case 1, 2:
		do, what = s.Start, "start"
	}
	if err := do(ctx); err != nil {
		s.finding("a %s afterwards: %v", what, explained(err))
		if ctx.Err() != nil {
			s.dump()
		}
	}
	s.settle(false)
	s.invariants(what == "restart")
}

// settle waits until the program shows what is so.
func (s *soak) settle(counts bool) {
	began := time.Now()
	for looks := 0; ; looks++ {
		is, shown := s.is(s.profile.Runtime), s.Snapshot()
		right := false
		switch is {
		case "running":
			right = shown.State == Ready && s.serves(shown)
		case "paused":
			right = shown.State == Paused
		case "":
			right = shown.State == Absent || shown.State == Failed
		default:
			right = shown.State == Stopped || shown.State == Failed
		}
		took := time.Since(began)
		if looks == 0 {
			took, began = 0, time.Now() // what the look itself takes does not count
		}
		if right {
			if counts {
				s.right = append(s.right, took)
			}
			if took > 2*time.Second {
				s.note("what is so was shown after %v", took)
				s.tell("late by %v", took)
			}
			return
		}
		if took > longEnough {
			s.finding("the container is %q, and the program shows %s, %+v", is, shown.State, shown.Problem)
			s.dump()
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// serves reports whether the Backend URL works.
func (s *soak) serves(shown Snapshot) bool {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Second}
	response, err := client.Get(fmt.Sprintf("http://localhost:%d/api/status?token=%s", shown.URL.Port(), shown.URL.Token().Reveal()))
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// putTreasures puts a notebook and data into the volume that must not get lost.
func (s *soak) putTreasures() {
	s.treasure = s.volume(`echo '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}' > treasure.ipynb
head -c 300000 /dev/urandom > treasure; chown 1000:100 . treasure*; sha256sum treasure*`)
}

// volume is [rig.inVolume] past the faults.
func (s *soak) volume(script string) string {
	return testenv.RunInVolume(s.t, s.direct, s.profile.Volume(), script)
}

// invariants looks at what must be so whatever happened. What was left in the volume and
// beside it is in order after the next operation that begins a run.
func (s *soak) invariants(begun bool) {
	if s.others("volume", "ls", "-q", "--filter", "name=^"+s.profile.Volume()+"$") == "" {
		s.finding("the volume is lost")
		s.putTreasures()
	}
	if got := s.volume("sha256sum treasure*"); got != s.treasure {
		s.finding("the volume has %q, not %q; it has\n%s", got, s.treasure, s.volume("ls -la . .colab* || true"))
		s.putTreasures()
	}
	if !begun {
		return
	}
	const format = "{{.Names}}"
	if all := s.others("ps", "-a", "--filter", "volume="+s.profile.Volume(), "--format", format); all != s.profile.Runtime {
		s.finding("the containers of the volume are %q", all)
		s.others(append([]string{"rm", "-f"}, strings.Fields(all)...)...)
	}
	if all := s.others("ps", "-a", "--filter", "name="+s.profile.Runtime, "--format", format); all != s.profile.Runtime && all != "" {
		s.finding("there are %q", all)
		s.others(append([]string{"rm", "-f"}, strings.Fields(all)...)...)
	}
	if left := s.volume("find . -name '.colab*'"); left != "" {
		s.finding("left in the volume: %s", left)
	}
	if left := s.others("images", "-q", "--filter", "reference=localhost/colab-tray/working:"+s.profile.Runtime+"*"); left != "" {
		s.finding("an image is kept as that of an update under way")
	}
	s.onlyState()
}

// kept matches the files that the program keeps.
var kept = regexp.MustCompile(`^(b|tokens\.json|.*\.lock|backups/colab-tray-test-\w+-\d{8}T\d{6}\.\d{3}Z(\.kept)?\.tar\.zst)$`)

// onlyState looks for files that the program leaves. Its own backups go.
func (s *soak) onlyState() {
	err := filepath.WalkDir(s.state, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, _ := filepath.Rel(s.state, path)
		if !kept.MatchString(name) {
			s.finding("left behind: %s", name)
		}
		if !kept.MatchString(name) || strings.HasPrefix(name, "backups/") && strings.HasSuffix(name, ".zst") {
			return os.Remove(path)
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// resources are the goroutines and the open files of the process.
type resources struct{ goroutines, files int }

func (s *soak) resources() resources {
	open, _ := os.ReadDir("/proc/self/fd")
	return resources{goruntime.NumGoroutine(), len(open)}
}

// sameResources waits until a program that has ended has no goroutines and no open files.
func (s *soak) sameResources(before resources) {
	var now resources
	for range 200 {
		goruntime.GC() // which ends the pipes that are kept for the next copy between sockets
		now = s.resources()
		if now.goroutines <= before.goroutines && now.files <= before.files {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.finding("the program has ended, and there are %+v, not %+v", now, before)
	s.dump()
}

func (s *soak) note(format string, args ...any) {
	s.trail = append(s.trail, time.Now().Format("15:04:05.000 ")+fmt.Sprintf(format, args...))
	s.trail = s.trail[max(0, len(s.trail)-12):]
}

// finding reports what is wrong, with what led there.
func (s *soak) finding(format string, args ...any) {
	s.t.Helper()
	s.findings++
	s.t.Fail()
	s.tell("FINDING: "+format, args...)
}

func (s *soak) tell(format string, args ...any) {
	s.logMu.Lock()
	defer s.logMu.Unlock()
	fmt.Printf("%s: %s\n  %s\nits log:\n%s\n", s.t.Name(), fmt.Sprintf(format, args...), strings.Join(s.trail, "\n  "), s.log)
}

// dump writes down what all goroutines do.
func (s *soak) dump() {
	stacks := make([]byte, 4<<20)
	file, err := os.CreateTemp(s.dumps, "soak-*.txt")
	if err != nil {
		s.t.Fatal(err)
	}
	defer file.Close()
	_, _ = file.Write(stacks[:goruntime.Stack(stacks, true)])
	open, _ := filepath.Glob("/proc/self/fd/*")
	for _, name := range open {
		to, _ := os.Readlink(name)
		fmt.Fprintln(file, name, to)
	}
	fmt.Println("what all goroutines do is in", file.Name())
}
