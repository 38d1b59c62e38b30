package runtime

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"colabtray/internal/data"
	"colabtray/internal/problem"
	"colabtray/test/testenv"
)

// TestOutOfMemory: a container that the kernel ends for want of memory has failed, and
// says so. Podman does not tell it on each system, and then it is a kill by others.
func TestOutOfMemory(t *testing.T) {
	oneEngine(t, func(t *testing.T, r *rig) {
		// Docker does not hear of it if the container is gone at once.
		r.makeHungry("sleep 1; exit 137")
		r.Open()
		started := make(chan error, 1)
		go func() { started <- r.Start(t.Context()) }()
		r.feed()
		r.Problem(<-started, problem.OutOfMemory)
		if s := r.Snapshot(); s.State != Failed || s.Problem.Code != problem.OutOfMemory {
			t.Errorf("it is %s, %+v", s.State, s.Problem)
		}
	})
}

// TestOutOfMemoryOnce: a runtime in which the kernel has ended something for want of
// memory, as it does with the kernel of a notebook, has not failed when it is stopped.
func TestOutOfMemoryOnce(t *testing.T) {
	oneEngine(t, func(t *testing.T, r *rig) {
		r.makeHungry("while :; do sleep 0.1; done")
		r.docker("start", r.profile.Runtime)
		r.feed()
		testenv.WaitFor(t, "the end of what ate", func() error {
			if told := r.docker("inspect", "--format", "{{.State.OOMKilled}}", r.profile.Runtime); told != "true" {
				return errors.New("it eats")
			}
			return nil
		})
		r.docker("stop", r.profile.Runtime)
		if code := r.docker("inspect", "--format", "{{.State.ExitCode}}", r.profile.Runtime); code != "0" {
			t.Fatalf("it ended with %s, so this test sees nothing", code)
		}
		r.Open()
		if s := r.until("what is so", func(s Snapshot) bool { return s.State != Unknown && s.State != NoEngine }); s.State != Stopped {
			t.Errorf("it is %s, %+v", s.State, s.Problem)
		}
	})
}

// makeHungry makes the container of the runtime so that it eats all its memory when it is
// fed, and then does something else. Docker does not hear of what the kernel ends before a
// start has returned.
func (r *rig) makeHungry(then string) {
	r.t.Helper()
	const eats = "trap 'exit 0' TERM; until [ -e /tmp/food ]; do sleep 0.1; done; tail /dev/zero; " // tail keeps what may be the last line
	r.docker("create", "--name", r.profile.Runtime, "--memory", "20m", "--memory-swap", "20m",
		"-p", fmt.Sprintf("127.0.0.1:%d:8888", r.profile.Port), r.profile.Image, "sh", "-c", eats+then)
}

// feed lets a hungry container eat when it has started.
func (r *rig) feed() {
	r.t.Helper()
	testenv.WaitFor(r.t, "the start of the container", func() error {
		if !r.runs() {
			return errors.New("it does not run")
		}
		return nil
	})
	food := filepath.Join(r.t.TempDir(), "food") // copied, because a command in the container could be ended as well
	if err := os.WriteFile(food, nil, 0o600); err != nil {
		r.t.Fatal(err)
	}
	r.docker("cp", food, r.profile.Runtime+":/tmp/food")
}

// TestRestartLoop: a container that ends and that the engine starts for ever is no ready
// runtime, and a stop ends that.
func TestRestartLoop(t *testing.T) {
	oneEngine(t, func(t *testing.T, r *rig) {
		r.docker("run", "-d", "--name", r.profile.Runtime, "--restart", "always",
			"-p", fmt.Sprintf("127.0.0.1:%d:8888", r.profile.Port), r.profile.Image, "sh", "-c", "exit 3")
		r.Open()
		r.until("what is so", func(s Snapshot) bool { return s.State != Unknown && s.State != NoEngine })
		testenv.WaitFor(t, "three starts", func() error {
			if s := r.Snapshot(); s.State == Ready {
				t.Errorf("it is ready: %+v", s)
			}
			n, err := strconv.Atoi(r.docker("inspect", "--format", "{{.RestartCount}}", r.profile.Runtime))
			if err == nil && n < 3 {
				err = fmt.Errorf("there were %d", n)
			}
			return err
		})
		if err := r.Stop(t.Context()); err != nil {
			t.Errorf("it cannot be stopped: %v", err)
		}
		r.until("the end", func(s Snapshot) bool { return s.State == Stopped || s.State == Failed })
		if is := r.docker("inspect", "--format", "{{.State.Status}}", r.profile.Runtime); is != "exited" {
			t.Errorf("the container is %s", is)
		}
	})
}

// TestReplacedByOthers: a container that others put in the place of one that is ready is
// shown as what it is, and the data of the first one are those of the next one of ours.
func TestReplacedByOthers(t *testing.T) {
	oneEngine(t, func(t *testing.T, r *rig) {
		r.Open()
		first := r.mustStart()
		data := r.putTreasure("old")
		r.docker("rm", "-f", r.profile.Runtime)
		r.docker("run", "-d", "--name", r.profile.Runtime, "-p", fmt.Sprintf("127.0.0.1:%d:8888", r.profile.Port), r.profile.Image)
		theirs := r.until("their container", func(s Snapshot) bool { return s.State == Ready && s.Container != first.Container })
		if theirs.Ours || theirs.URL == first.URL {
			t.Errorf("their container is shown as %+v", theirs)
		}
		r.mustServe(theirs.URL)
		r.others("remove")
		r.untilState(Absent)
		if s := r.mustStart(); !s.Ours {
			t.Errorf("ours is shown as %+v", s)
		}
		if now := r.inVolume("cat kind; sha256sum data"); now != data {
			t.Errorf("the data were %q and are %q", data, now)
		}
	})
}

// TestVolumeIsGone: where somebody has removed the volume with the container, a start
// makes both. Where its files are gone, a start tells what the engine says of it.
func TestVolumeIsGone(t *testing.T) {
	oneEngine(t, func(t *testing.T, r *rig) {
		r.Open()
		r.mustStart()
		r.others("remove")
		r.docker("volume", "rm", r.profile.Volume())
		r.untilState(Absent)
		r.mustStart()
		if err := r.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		dir := r.docker("volume", "inspect", "--format", "{{.Mountpoint}}", r.profile.Volume())
		if err := os.Rename(dir, dir+"-away"); err != nil {
			t.Fatal(err)
		}
		if p := r.Problem(r.Start(t.Context()), problem.EngineFailed); !strings.Contains(p.Hint, "no such file") {
			t.Errorf("the problem is %q, %q", p.Short, p.Hint)
		}
		if err := os.Rename(dir+"-away", dir); err != nil {
			t.Fatal(err)
		}
		r.mustServe(r.mustStart().URL)
	})
}

// TestReadOnlyVolume: where the data cannot be written, a restore and a start tell why and
// leave them. Once they can be written, a start works.
func TestReadOnlyVolume(t *testing.T) {
	oneEngine(t, func(t *testing.T, r *rig) {
		dir := t.TempDir()
		notebook, file := filepath.Join(dir, "work.ipynb"), filepath.Join(t.TempDir(), "b")
		volume := func(options string) {
			r.docker("volume", "create", "-o", "type=none", "-o", "device="+dir, "-o", "o="+options, r.profile.Volume())
		}
		write := func(text string) error { return os.WriteFile(notebook, []byte(text), 0o644) }
		if err := errors.Join(os.Chown(dir, 1000, 100), write("new")); err != nil {
			t.Fatal(err)
		}
		volume("bind")
		r.Open()
		if _, err := r.Backup(t.Context(), data.BackupOptions{File: file}); err != nil {
			t.Fatal(err)
		}
		if err := write("old"); err != nil {
			t.Fatal(err)
		}
		r.docker("volume", "rm", r.profile.Volume())
		volume("bind,ro")

		_, err := r.Restore(t.Context(), data.RestoreOptions{File: file, Confirm: yes})
		if p := r.Problem(err, problem.EngineFailed); !strings.Contains(p.Hint, "read-only file system") {
			t.Errorf("the restore says %q, %q", p.Short, p.Hint)
		}
		if p := r.Problem(r.Start(t.Context()), problem.DiedStarting); !strings.Contains(p.Hint, "Read-only file system") {
			t.Errorf("the start says %q, %q", p.Short, p.Hint)
		}
		if text, err := os.ReadFile(notebook); err != nil || string(text) != "old" {
			t.Errorf("the data are %q, %v", text, err)
		}

		r.docker("rm", r.profile.Runtime)
		r.docker("volume", "rm", r.profile.Volume())
		volume("bind")
		r.mustServe(r.mustStart().URL)
	})
}
