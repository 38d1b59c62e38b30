package runtime

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"colabtray/internal/engine"
	"colabtray/internal/engine/docker"
	"colabtray/internal/problem"
	"colabtray/test/testenv"
)

func TestPullTellsProgress(t *testing.T) {
	eachEngine(t, func(t *testing.T, r *rig) {
		ref, _ := testenv.NewRegistry(t).PushLayers(t, "progress", 2<<20, 3)
		docker, err := docker.New(r.host)
		if err != nil {
			t.Fatal(err)
		}
		defer docker.Close()
		if _, err := docker.Connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		var seen []engine.Progress
		if err := docker.Pull(t.Context(), ref, "", func(p engine.Progress) { seen = append(seen, p) }); err != nil {
			t.Fatal(err)
		}
		defer r.docker("rmi", ref)
		if len(seen) == 0 {
			t.Fatal("no progress was told")
		}
		last := seen[len(seen)-1]
		if last.LayersDone != last.Layers || last.Bytes != last.Total || r.podman == nil && (last.Layers != 3 || last.Total < 6<<20) {
			t.Errorf("at the end the progress was %+v", last)
		}
		for i := 1; i < len(seen); i++ {
			if seen[i].Bytes < seen[i-1].Bytes {
				t.Errorf("the pull went backwards from %+v to %+v", seen[i-1], seen[i])
			}
		}
		if id, err := imageID(t.Context(), docker, ref, ""); id == "" || err != nil {
			t.Errorf("after the pull the image is %q, %v", id, err)
		}
	})
}

func TestStopCancelsPull(t *testing.T) {
	eachEngine(t, func(t *testing.T, r *rig) {
		reg := testenv.NewRegistry(t)
		r.profile.Image, _ = reg.PushLayers(t, "held", 1<<20, 1)
		r.Open()
		release := reg.Block()
		defer release()
		started := make(chan error, 1)
		go func() { started <- r.Start(t.Context()) }()
		r.untilState(Pulling)
		if err := r.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.Problem(<-started, problem.Cancelled)
		if s := r.Snapshot(); s.State != Absent {
			t.Errorf("after the cancelled pull the state is %s, problem %v", s.State, s.Problem)
		}
		r.nothingMade()
	})
}

func TestImageThatDoesNotExist(t *testing.T) {
	eachEngine(t, func(t *testing.T, r *rig) {
		r.profile.Image = testenv.NewRegistry(t).Address + "/test/missing:1"
		r.Open()
		p := r.Problem(r.Start(t.Context()), problem.ImageNotFound)
		if !strings.Contains(p.Short, "test/missing:1") || p.Command == "" {
			t.Errorf("the problem is %q, command %q", p.Short, p.Command)
		}
		if s := r.Snapshot(); s.State != Failed {
			t.Errorf("the state is %s", s.State)
		}
		r.nothingMade()
	})
}

func TestRegistryThatCannotBeReached(t *testing.T) {
	eachEngine(t, func(t *testing.T, r *rig) {
		r.profile.Image = fmt.Sprintf("127.0.0.1:%d/test/none:1", testenv.FreePort(t))
		r.Open()
		r.Problem(r.Start(t.Context()), problem.PullFailed)
		r.nothingMade()
	})
}

// TestPullThatBreaksOff loses the connection in the middle of the last layer:
// once, which Docker makes up for, and until the engine gives up. Podman 4.3 does
// that at once, but keeps the layers that it has. So does Docker with the store of
// containerd; its classic store, which the test environment has, drops them.
func TestPullThatBreaksOff(t *testing.T) {
	realEngine(t)
	t.Run("docker", func(t *testing.T) {
		t.Parallel()
		private := testenv.PrivateEngine(t, testenv.WithConfig(`{"max-download-attempts": 2, "max-concurrent-downloads": 1}`))
		pullThatBreaksOff(t, site{host: private.Host()})
	})
	t.Run("podman", func(t *testing.T) {
		t.Parallel()
		pullThatBreaksOff(t, onPodman(t))
	})
}

func pullThatBreaksOff(t *testing.T, at site) {
	docker, err := docker.New(at.host)
	if err != nil {
		t.Fatal(err)
	}
	defer docker.Close()
	if _, err := docker.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	reg := testenv.NewRegistry(t)
	if at.podman == nil {
		ref, layers := reg.PushLayers(t, "once", 1<<20, 3)
		reg.Cut(layers[2], 1)
		if err := docker.Pull(t.Context(), ref, "", func(engine.Progress) {}); err != nil {
			t.Errorf("one interruption, and %v", err)
		}
		times := timesOf(reg.Cut("", 0))
		rest := fmt.Sprintf("%s bytes=%d-", layers[2], testenv.CutAfter)
		if times[layers[0]] != 1 || times[layers[1]] != 1 || times[layers[2]] != 1 || times[rest] != 1 {
			t.Errorf("the layers were asked for so many times: %v", times)
		}
	}

	ref, layers := reg.PushLayers(t, "often", 1<<20, 3)
	r := newRigOf(t, at, ref)
	r.Open()
	reg.Cut(layers[2], 1000)
	p := r.Problem(r.Start(t.Context()), problem.PullFailed)
	if !strings.Contains(p.Hint, "start again") {
		t.Errorf("the hint is %q", p.Hint)
	}
	if s := r.Snapshot(); s.State != Failed {
		t.Errorf("the state is %s", s.State)
	}
	reg.Cut("", 0)
	// The image has nothing that could be started, so this is as far as it goes.
	r.Problem(r.Start(t.Context()), problem.EngineFailed)
	if id, err := imageID(t.Context(), docker, ref, ""); id == "" || err != nil {
		t.Errorf("after another start the image is %q, %v", id, err)
	}
	if at.podman != nil {
		if times := timesOf(reg.Cut("", 0)); times[layers[0]]+times[layers[1]] > 0 || times[layers[2]] != 1 {
			t.Errorf("the layers were asked for so many times: %v", times)
		}
	}
}

// timesOf counts how often each was asked for.
func timesOf(served []string) map[string]int {
	times := map[string]int{}
	for _, blob := range served {
		times[blob]++
	}
	return times
}

func TestDiskFull(t *testing.T) {
	realEngine(t)
	for engine, at := range map[string]func(*testing.T) site{
		"docker": func(t *testing.T) site { return site{host: testenv.PrivateEngine(t, testenv.WithDisk(16)).Host()} },
		"podman": func(t *testing.T) site {
			podman := testenv.PodmanWithDisk(t, 16)
			return site{host: podman.Host(), podman: podman}
		},
	} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			ref, _ := testenv.NewRegistry(t).PushLayers(t, "large", 6<<20, 3)
			r := newRigOf(t, at(t), ref)
			r.Open()
			p := r.Problem(r.Start(t.Context()), problem.DiskFull)
			if out, err := exec.Command("sh", "-c", p.Command).CombinedOutput(); err != nil || !strings.Contains(string(out), "Images") {
				t.Errorf("%s: %v: %s", p.Command, err, out)
			}
			if left := r.docker("ps", "-aq") + r.docker("volume", "ls", "-q"); left != "" {
				t.Errorf("left behind: %s", left)
			}
		})
	}
}
