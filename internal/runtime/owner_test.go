package runtime

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"

	"colabtray/internal/config"
	"colabtray/internal/data"
	"colabtray/internal/engine"
	"colabtray/internal/problem"
)

// labelled makes an image of the runtime's with labels like ours, as `docker
// commit` of a container of ours does, and returns its reference.
func (r *rig) labelled() string {
	r.t.Helper()
	name := r.profile.Runtime
	labels := []string{engine.LabelRuntime + "=" + name, engine.LabelProfile + "=jupyter", engine.LabelSettings + "=0", engine.LabelHelper + "=" + name, engine.LabelWrites + "=yes"}
	var changes []string
	for _, l := range labels {
		changes = append(changes, "LABEL "+l)
	}
	other := r.neighbour().profile.Runtime
	r.docker("create", "--name", other, r.profile.Image)
	ref := strings.ToLower(other) + ":labelled"
	options := container.CommitOptions{Reference: ref, Changes: changes, Config: &container.Config{}} // Podman wants one
	if _, err := r.client(r.t).ContainerCommit(r.t.Context(), other, options); err != nil {
		r.t.Fatal(err)
	}
	r.docker("rm", other)
	r.t.Cleanup(func() {
		r.docker("rm", "--force", "--volumes", r.profile.Runtime)
		r.docker("rmi", ref)
	})
	return ref
}

// asOurs gives a container what one that we made has.
func asOurs(c engine.Container, runtime string) engine.Container {
	c.Name, c.Labels = runtime, map[string]string{engine.LabelRuntime: runtime}
	c.Mounts = append(c.Mounts, engine.Mount{Volume: engine.VolumeOf(runtime), Target: "/home/jovyan"})
	return c
}

// TestInheritedLabels: containers that have our labels from their image are not
// ours, and what we make of such an image is.
func TestInheritedLabels(t *testing.T) {
	eachEngine(t, func(t *testing.T, r *rig) {
		image, name := r.labelled(), r.profile.Runtime
		others := map[string]string{}
		foreign := func(name string, more ...string) {
			others[name] = r.docker(append(append([]string{"create", "--name", name}, more...), image, "sleep", "1000")...)
		}
		r.t.Cleanup(func() {
			for name := range others {
				r.docker("rm", "--force", "--volumes", name)
			}
		})
		helper := r.neighbour().profile.Runtime
		foreign(name + "-next")
		foreign(name+"-previous", "--volume", name+"-data:/home/jovyan")
		foreign(helper, "--entrypoint", "")
		r.docker("start", helper)
		untouched := func() {
			t.Helper()
			for name, id := range others {
				if now := r.docker("ps", "-aq", "--no-trunc", "--filter", "id="+id); now != id {
					t.Errorf("%s is gone", name)
				}
				if now := strings.TrimPrefix(r.docker("inspect", "--format", "{{.Name}}", id), "/"); now != name {
					t.Errorf("%s was renamed to %s", name, now)
				}
			}
			if running := r.docker("inspect", "--format", "{{.State.Running}}", helper); running != "true" {
				t.Errorf("%s does not run any more", helper)
			}
		}

		r.profile.Image = image
		r.Open()
		s := r.mustStart()
		if !s.Ours {
			t.Error("the container that we made of the image is not ours")
		}
		untouched()
		if _, err := r.Backup(t.Context(), data.BackupOptions{File: filepath.Join(t.TempDir(), "b")}); err != nil {
			t.Error(err)
		}
		untouched()
		r.change(func(p *config.Profile) { p.Memory = 1 << 30 })
		r.untilState(Ready)
		p := r.Problem(r.Restart(t.Context()), problem.NameTaken)
		if !strings.Contains(p.Hint, name+"-next") {
			t.Errorf("the hint is %q", p.Hint)
		}
		r.mustServe(r.untilState(Ready).URL)
		untouched()
		if left := r.docker("ps", "-aq", "--filter", "name=colab-tray-helper-"+name); left != "" {
			t.Errorf("helpers are left: %s", left)
		}

		// One in the place of ours is not made anew.
		if err := r.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		made := r.id()
		r.docker("rename", made, name+"-mine")
		r.t.Cleanup(func() { r.docker("rm", "--force", name+"-mine") })
		foreign(name, "--publish", fmt.Sprintf("127.0.0.1:%d:8888", r.profile.Port))
		if s := r.until("it", func(s Snapshot) bool { return s.Container == others[name] }); s.Ours || s.RestartToApply {
			t.Errorf("the container of somebody else counts as ours: %+v", s)
		}
		r.Problem(r.Update(t.Context()), problem.Handmade)
		untouched()
	})
}

// TestHelperThatDoesNotEnd: a helper that works on the data is waited for, but
// not for ever, and nothing is left that would keep the next start from trying.
func TestHelperThatDoesNotEnd(t *testing.T) {
	dataEngines(t, func(t *testing.T, r *rig) {
		r.fill()
		r.Open()
		r.untilState(Absent)
		// As an earlier version made them.
		helper := r.docker("run", "--detach", "--network", "none", "--label", engine.LabelHelper+"="+r.profile.Runtime, "--label", engine.LabelWrites+"=yes",
			"--volume", r.profile.Volume()+":"+engine.HelperDataDir, "--entrypoint", "sleep", r.profile.Image, "1000")
		r.t.Cleanup(func() { r.docker("rm", "--force", helper) })
		d := r.data(nil)
		d.Patience = time.Second
		p := r.Problem(d.Problem(t.Context(), d.RecoverInterrupted(t.Context())), problem.Busy)
		if name := strings.TrimPrefix(r.docker("inspect", "--format", "{{.Name}}", helper), "/"); !strings.Contains(p.Hint+p.Command, name) {
			t.Errorf("the problem does not name %s: %q, %q", name, p.Hint, p.Command)
		}
		if all := r.docker("ps", "-aq", "--no-trunc", "--filter", "volume="+r.profile.Volume()); all != helper {
			t.Errorf("the containers with the volume are %q, not %s alone", all, helper)
		}
		r.docker("kill", helper)
		if err := d.RecoverInterrupted(t.Context()); err != nil {
			t.Error(err)
		}
		r.noHelpers()
	})
}
