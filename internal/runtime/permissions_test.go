package runtime

import (
	"os/exec"
	"strings"
	"testing"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/problem"
)

// TestDataOfAnotherUser: files that Jupyter may not write to, such as what root
// left in the home directory, are named, and the command that is told gives them
// back.
func TestDataOfAnotherUser(t *testing.T) {
	eachServer(t, func(t *testing.T, r *rig) {
		r.docker("volume", "create", r.profile.Volume())
		r.docker("run", "--rm", "--user", "0:0", "--entrypoint", "sh", "--volume", r.profile.Volume()+":/home/jovyan", r.profile.Image,
			"-c", "cd /home/jovyan && echo kept > work.ipynb && mkdir -p .local && chown 0:0 .local work.ipynb && chmod 755 .local")
		r.Open()
		p := r.Problem(r.Start(t.Context()), problem.NotOwned)
		if p.Short != "Jupyter may not write to /home/jovyan/.local/share" || !strings.Contains(p.Hint, "1000:100") || !strings.Contains(p.Hint, `user = "root"`) {
			t.Errorf("got %+v", p)
		}
		if out, err := exec.CommandContext(t.Context(), "sh", "-c", p.Command).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", p.Command, err, out)
		}
		r.mustServe(r.mustStart().URL)
		if got := r.docker("exec", r.profile.Runtime, "sh", "-c", "cd && cat work.ipynb && echo more >> work.ipynb && stat -c %u:%g .local"); got != "kept\n1000:100" {
			t.Errorf("got %q", got)
		}
	})
}

// TestDeniedProblem: nothing else is taken for it, and no word of a container
// gets into a command.
func TestDeniedProblem(t *testing.T) {
	profile := config.Default()
	profile.Runtime = "x"
	made := engine.Container{
		Exists: true, Name: "x", Image: "a/b:1", Labels: specOf(profile, shipped(), engine.Info{}).Labels, User: "1000:100", ExitCode: 1,
		Mounts:    []engine.Mount{{Volume: "x-data", Target: "/home/jovyan"}},
		Effective: engine.Effective{Folders: []config.Folder{{Host: "/srv/data", Path: "/home/jovyan/data"}}},
	}
	says := func(path string) []string {
		return []string{"    os.mkdir(self, mode)", "PermissionError: [Errno 13] Permission denied: '" + path + "'"}
	}
	mapped, handmade, odd := made, made, made
	mapped.Effective.Mapped = true
	handmade.Labels = nil
	odd.Image = "$(reboot)"
	for _, c := range []struct {
		container engine.Container
		output    []string
		hint      string // empty for no problem
		command   string
	}{
		{made, says("/home/jovyan/.local"), "The command", "docker run --rm --user 0:0 --entrypoint chown --volume x-data:/home/jovyan a/b:1 -R 1000:100 /home/jovyan"},
		{mapped, says("/home/jovyan"), "The command", "docker run --rm --user 0:0 --userns keep-id:uid=1000,gid=100 --entrypoint chown --volume x-data:/home/jovyan a/b:1 -R 1000:100 /home/jovyan"},
		{made, says("/home/jovyan/data/.x"), "/srv/data", ""},
		{odd, says("/home/jovyan/.local"), "user =", ""},
		{made, says("/home/jovyans"), "", ""},
		{made, says("/etc/x"), "", ""},
		{made, says("/home/jovyan/$(reboot)"), "The command", "docker run --rm --user 0:0 --entrypoint chown --volume x-data:/home/jovyan a/b:1 -R 1000:100 /home/jovyan"},
		{made, []string{"No such file: '/home/jovyan/.local'"}, "", ""},
		{handmade, says("/home/jovyan/.local"), "", ""},
	} {
		p := deniedProblem(c.container, c.output, "docker")
		switch {
		case c.hint == "" && p == nil:
		case p == nil, c.hint == "", !strings.Contains(p.Hint, c.hint), p.Command != c.command:
			t.Errorf("%q: got %+v", c.output, p)
		}
	}
}
