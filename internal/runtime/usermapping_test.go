package runtime

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/problem"
	"colabtray/test/testenv"
)

// TestUnmappedWarning: it is told only where making the volume anew would help.
func TestUnmappedWarning(t *testing.T) {
	p := config.Default()
	rootless := engine.Info{Name: "Podman", MapsUsers: true}
	plain := engine.Container{
		Exists: true, Name: p.Runtime, Labels: specOf(p, shipped(), engine.Info{}).Labels, User: "1000:100",
		Mounts:    []engine.Mount{{Volume: p.Volume(), Target: "/home/jovyan"}},
		Effective: engine.Effective{Folders: []config.Folder{{Path: "/a", ReadOnly: true}, {Path: "/b"}}},
	}
	w := unmappedWarning(p, plain, rootless)
	if w == nil || w.Code != problem.FoldersUnmapped || w.Command != "colab-tray delete --data" || !strings.Contains(w.Hint, p.Volume()) || !strings.Contains(w.Hint, "colab-tray restore") {
		t.Errorf("got %+v", w)
	}
	mapped, reading, root, handmade := plain, plain, plain, plain
	mapped.Effective.Mapped = true
	reading.Effective.Folders = plain.Effective.Folders[:1]
	root.User = ""
	handmade.Labels = nil
	for name, c := range map[string]engine.Container{"mapped": mapped, "read only": reading, "root in it": root, "made by hand": handmade} {
		if w := unmappedWarning(p, c, rootless); w != nil {
			t.Errorf("%s: got %+v", name, w)
		}
	}
	if w := unmappedWarning(p, plain, engine.Info{Name: "Podman"}); w != nil {
		t.Errorf("on root's Podman: got %+v", w)
	}
}

// TestDeniedWarning: it names the folder, the user and the repair.
func TestDeniedWarning(t *testing.T) {
	p := config.Default()
	c := engine.Container{
		Exists: true, Name: p.Runtime, Labels: specOf(p, shipped(), engine.Info{}).Labels, User: "1000:100",
		Mounts:    []engine.Mount{{Volume: p.Volume(), Target: "/home/jovyan"}},
		Effective: engine.Effective{Denied: []string{"/srv/my data"}},
	}
	w := deniedWarning(c, engine.Info{Local: true})
	if w == nil || w.Code != problem.FolderDenied || !strings.Contains(w.Short, "/srv/my data") || !strings.Contains(w.Hint, "1000:100") ||
		w.Command != "setfacl -R -m u:1000:rwX,d:u:1000:rwX,d:u:$(id -u):rwX '/srv/my data'" {
		t.Errorf("got %+v", w)
	}
	there := engine.Info{Host: "ssh://me@gpubox:2222", Machine: "gpubox"}
	if w := deniedWarning(c, there); w == nil || !strings.HasPrefix(w.Command, "ssh -t -p 2222 me@gpubox 'setfacl -R ") {
		t.Errorf("on another machine: %+v", w)
	}
	handmade, allowed := c, c
	handmade.Labels, allowed.Effective.Denied = nil, nil
	if deniedWarning(handmade, there) != nil || deniedWarning(allowed, there) != nil {
		t.Error("it warns of nothing")
	}
}

// TestRootlessPodman: folders can be written in the container, what the engine
// leaves out is told, and a helper has the users of the volume.
func TestRootlessPodman(t *testing.T) {
	if !testenv.Full() {
		t.Skip("to give it an image takes long")
	}
	t.Parallel()
	rootless := testenv.RootlessPodman(t)
	r := newRig(t, site{host: rootless.Host(), podman: rootless}, testenv.FakeJupyter)
	r.profile.Memory = 1 << 30
	r.profile.Folders = []config.Folder{{Host: rootless.Folder(t), Path: "/home/jovyan/f"}}
	r.Open()
	s := r.mustStart()
	r.mustServe(s.URL)
	var codes []problem.Code
	for _, w := range s.Warnings {
		codes = append(codes, w.Code)
	}
	limited := r.docker("inspect", "--format", "{{.HostConfig.Memory}}", r.profile.Runtime) != "0"
	if slices.Contains(codes, problem.Without) == limited || slices.Contains(codes, problem.FoldersUnmapped) {
		t.Errorf("limits: %v, warnings: %q", limited, codes)
	}
	got := r.docker("exec", r.profile.Runtime, "sh", "-c", "cd && echo ours > f/new && cat f/new && stat -c %u:%g .")
	if got != "ours\n1000:100" {
		t.Errorf("in the container: %q", got)
	}
	// Whether it works is known, though a rootless engine does not measure everywhere.
	if uses, err := r.usesCPU(t.Context()); uses || err != nil {
		t.Errorf("its server alone computes: %t, %v", uses, err)
	}

	r.docker("exec", "--user", "0:0", r.profile.Runtime, "chown", "-R", "0:0", "/home/jovyan/.local")
	if err := r.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	p := r.Problem(r.Start(t.Context()), problem.NotOwned)
	if out, err := exec.CommandContext(t.Context(), "sh", "-c", p.Command).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", p.Command, err, out)
	}
	r.mustServe(r.mustStart().URL)
}
