package runtime

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"colabtray/internal/config"
	"colabtray/internal/data"
	"colabtray/internal/engine"
	"colabtray/internal/engine/memory"
	"colabtray/internal/i18n"
	"colabtray/internal/problem"
	"colabtray/internal/secret"
	"colabtray/test/testenv"
)

// change opens the runtime anew, as a program that was started with other
// settings.
func (r *rig) change(f func(p *config.Profile)) {
	r.stop()
	f(&r.profile)
	r.Open()
}

func TestRestartAppliesSettings(t *testing.T) {
	eachEngine(t, func(t *testing.T, r *rig) {
		r.Open()
		if r.mustStart().RestartToApply {
			t.Error("a new container is to be restarted")
		}
		made := r.id()
		r.docker("exec", r.profile.Runtime, "sh", "-c", "echo kept > ~/work.ipynb")

		folder := t.TempDir()
		if err := errors.Join(os.Chmod(folder, 0o755), os.WriteFile(filepath.Join(folder, "data.csv"), []byte("1,2"), 0o644)); err != nil {
			t.Fatal(err)
		}
		port := testenv.FreePort(t)
		r.change(func(p *config.Profile) {
			p.Port, p.Memory, p.CPUs, p.ShmSize = port, 1<<30, 1.5, 128<<20
			p.Folders = []config.Folder{{Host: folder, Path: "/home/jovyan/data", ReadOnly: true}}
			p.Env = []config.Variable{{Name: "GREETING", Value: secret.New("hello=you")}}
			p.Platform = "linux/amd64"
		})
		if s := r.untilState(Ready); !s.RestartToApply {
			t.Error("other settings, and no word of it")
		}
		if r.mustStart(); r.id() != made {
			t.Fatal("starting what runs made another container")
		}
		r.pause() // which makes no difference
		s := r.must(r.Restart)
		r.mustServe(s.URL)
		if s.URL.Port() != port || s.RestartToApply || r.id() == made || len(s.Warnings) > 0 {
			t.Errorf("the settings were not applied: %+v", s)
		}
		r.mustBeAlone()
		got := r.docker("inspect", "--format", "{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{.HostConfig.ShmSize}} {{.Config.Hostname}}", r.profile.Runtime)
		if want := fmt.Sprintf("%d 1500000000 %d %s", 1<<30, 128<<20, r.profile.Runtime); got != want {
			t.Errorf("the container has %q, not %q", got, want)
		}
		inside := r.docker("exec", r.profile.Runtime, "sh", "-c", "cat ~/work.ipynb ~/data/data.csv; echo; echo $GREETING; touch ~/data/x || echo read-only")
		if inside != "kept\n1,2\nhello=you\nread-only" {
			t.Errorf("in the container: %q", inside)
		}
		if strings.Contains(r.log.String(), "hello=you") {
			t.Error("the log shows a variable's value")
		}
	})
}

// TestBadSettingsAreRolledBack changes a running runtime in ways that cannot
// work. Each time it is as it was afterwards.
func TestBadSettingsAreRolledBack(t *testing.T) {
	anyEngine(t, oneEngine, func(t *testing.T, r *rig) {
		if r.memory != nil {
			r.memory.as = offline{r.memory.Engine}
			r.script("echo no such thing >&2; exit 3", says("no such thing\n", 3))
		}
		r.Open()
		r.mustStart()
		made, good := r.id(), r.profile
		other, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", testenv.FreePort(t)))
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		taken := other.Addr().(*net.TCPAddr).Port
		for _, c := range []struct {
			change func(p *config.Profile)
			code   problem.Code
			hint   string
		}{
			{func(p *config.Profile) { p.Command = []string{"sh", "-c", "echo no such thing >&2; exit 3"} }, problem.RolledBack, "no such thing"},
			{func(p *config.Profile) { p.Port = taken }, problem.RolledBack, fmt.Sprintf("Port %d is in use", taken)},
			{func(p *config.Profile) { p.Image = "127.0.0.1:1/no/such:image" }, problem.PullFailed, ""},
			{func(p *config.Profile) { p.Folders = []config.Folder{{Host: "/no/such/folder", Path: "/data"}} }, problem.FolderMissing, "/no/such/folder"},
		} {
			r.change(func(p *config.Profile) {
				*p = good
				c.change(p)
			})
			r.untilState(Ready)
			p := r.Problem(r.Restart(t.Context()), c.code)
			if !strings.Contains(p.Short+p.Hint, c.hint) {
				t.Errorf("the problem is %q, %q; it lacks %q", p.Short, p.Hint, c.hint)
			}
			s := r.untilState(Ready)
			r.mustServe(s.URL)
			if r.id() != made || !s.RestartToApply {
				t.Errorf("%s: it is not as it was: %+v", c.code, s)
			}
			if c.code == problem.RolledBack && (s.Problem == nil || s.Problem.Code != problem.RolledBack) {
				t.Errorf("what went wrong is forgotten: %v", s.Problem)
			}
			r.mustBeAlone()
		}
		r.change(func(p *config.Profile) { *p = good })
		if s := r.must(r.Restart); s.RestartToApply || s.Problem != nil || r.id() != made {
			t.Errorf("with the old settings: %+v", s)
		}
	})
}

// offline is an engine in memory that reaches no registry.
type offline struct{ *memory.Engine }

func (offline) Pull(context.Context, string, string, func(engine.Progress)) error {
	return fmt.Errorf("%w: connection refused", engine.ErrNetwork)
}

// TestHandmadeIsNotMadeAnew: nobody but its owner knows what it was made from. This
// one keeps no log, which is told when that is asked for, and no hindrance else.
func TestHandmadeIsNotMadeAnew(t *testing.T) {
	oneEngine(t, func(t *testing.T, r *rig) {
		r.docker("run", "-d", "--log-driver", "none", "--name", r.profile.Runtime, "-p", fmt.Sprintf("127.0.0.1:%d:8888", r.profile.Port), r.profile.Image)
		r.profile.Memory = 1 << 30
		r.Open()
		made := r.id()
		if r.untilState(Ready).RestartToApply {
			t.Error("settings are to be applied to what was made by hand")
		}
		r.must(r.Restart)
		for _, follow := range []bool{false, true} {
			p := r.Problem(r.Logs(t.Context(), io.Discard, LogOptions{Follow: follow}), problem.NoLog)
			if p.Short != "There is no log" || !strings.Contains(p.Hint, "made with the logging driver none") {
				t.Errorf("got %+v", p)
			}
		}
		r.Problem(r.Update(t.Context()), problem.Handmade)
		if r.id() != made {
			t.Error("the container was made anew")
		}
	})
}

func TestKeptToken(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		r.profile.Token = config.TokenKeep
		r.Open()
		first := r.mustStart().URL
		r.mustServe(first)
		const file = "/home/jovyan/.local/share/jupyter/colab-tray-token"
		if mode := r.docker("exec", r.profile.Runtime, "stat", "-c", "%a %U", file); mode != "600 jovyan" {
			t.Errorf("the token's file is %s", mode)
		}
		if s := r.must(r.Restart); s.URL != first || s.URLChanged {
			t.Error("a restart changed the kept token")
		}
		r.change(func(p *config.Profile) { p.Memory = 1 << 30 })
		if s := r.must(r.Restart); s.URL != first {
			t.Error("a new container changed the kept token")
		}
		// By somebody else.
		r.docker("restart", r.profile.Runtime)
		if s := r.until("ready again", func(s Snapshot) bool { return s.State == Ready }); s.URL != first {
			t.Error("a restart by somebody else changed the kept token")
		}

		r.change(func(p *config.Profile) { p.Token = config.TokenFresh })
		if s := r.untilState(Ready); !s.RestartToApply {
			t.Error("another token policy, and no word of it")
		}
		made := r.id()
		s := r.must(r.Restart)
		r.mustServe(s.URL)
		if s.URL == first || s.RestartToApply || r.id() != made {
			t.Errorf("the token is still kept, or the container was made anew: %+v", s)
		}
		if left := r.docker("exec", r.profile.Runtime, "sh", "-c", "ls "+file+" 2>/dev/null || echo gone"); left != "gone" {
			t.Error("the old token was not forgotten")
		}
	})
}

// wheel makes a Python package of one module, in the form that pip installs.
func wheel(t *testing.T, dir, name string) {
	t.Helper()
	path := filepath.Join(dir, name+"-1.0-py3-none-any.whl")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := zip.NewWriter(f)
	info := name + "-1.0.dist-info/"
	for file, text := range map[string]string{
		name + ".py":      "greeting = 'hello'\n",
		info + "METADATA": "Metadata-Version: 2.1\nName: " + name + "\nVersion: 1.0\n",
		info + "WHEEL":    "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
		info + "RECORD":   "",
	} {
		entry, err := w.Create(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := entry.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), f.Close(), os.Chmod(path, 0o644)); err != nil {
		t.Fatal(err)
	}
}

func TestPackagesAreInstalledOnce(t *testing.T) {
	eachServer(t, func(t *testing.T, r *rig) {
		wheels := t.TempDir()
		if err := os.Chmod(wheels, 0o755); err != nil {
			t.Fatal(err)
		}
		wheel(t, wheels, "greeter")
		r.profile.Folders = []config.Folder{{Host: wheels, Path: "/wheels", ReadOnly: true}}
		r.profile.Env = []config.Variable{
			{Name: "PIP_NO_INDEX", Value: secret.New("1")},
			{Name: "PIP_FIND_LINKS", Value: secret.New("/wheels")},
		}
		r.profile.Packages = []string{"greeter==1.0"}
		r.Open()
		r.mustServe(r.mustStart().URL)
		use := func() string {
			return r.docker("exec", r.profile.Runtime, "python3", "-c", "import greeter; print(greeter.greeting)")
		}
		if got := use(); got != "hello" {
			t.Errorf("the package says %q", got)
		}
		const installing = "Colab Tray: installing the packages"
		r.must(r.Restart)
		if n := strings.Count(r.output(), installing); n != 1 {
			t.Errorf("the packages were installed %d times", n)
		}

		// A new container installs what the one before had of its own.
		r.docker("exec", "--user", "0", r.profile.Runtime, "sh", "-c", "rm -r /home/jovyan/.local/lib/python*/site-packages/greeter*")
		r.change(func(p *config.Profile) { p.ShmSize = 128 << 20 })
		r.mustServe(r.must(r.Restart).URL)
		if got := use(); got != "hello" {
			t.Errorf("in a new container the package says %q", got)
		}

		// What cannot be installed keeps nobody from working.
		r.change(func(p *config.Profile) { p.Packages = append(p.Packages, "no-such-package") })
		if s := r.untilState(Ready); !s.RestartToApply {
			t.Error("another package, and no word of it")
		}
		r.mustServe(r.must(r.Restart).URL)
		if out := r.output(); !strings.Contains(out, "not all packages could be installed") {
			t.Errorf("the log does not say so:\n%s", out)
		}
		if got := use(); got != "hello" {
			t.Errorf("the package says %q", got)
		}
	})
}

// output returns what the container wrote, tokens masked.
func (r *rig) output() string {
	r.t.Helper()
	var out strings.Builder
	if err := r.Logs(r.t.Context(), &out, LogOptions{}); err != nil {
		r.t.Fatal(err)
	}
	return out.String()
}

// TestUpdate pulls newer images from a registry: the same again, one that
// works, and one that does not. And it goes back.
func TestUpdate(t *testing.T) {
	eachSite(t, func(t *testing.T, at site) {
		ref, publish := editions(t)
		r := &updatedRig{rig: newRigOf(t, at, ref)}
		r.news = NewImageNews(filepath.Join(t.TempDir(), "images.json"), true, slog.New(slog.DiscardHandler))
		publish("LABEL edition=1")
		r.testMade(t)
		publish("LABEL edition=2")
		r.testNewer(t)
		publish(`ENTRYPOINT ["sh", "-c", "echo out of order; exit 7"]`)
		r.testBroken(t)
		r.testUndone(t)
	})
}

// editions returns the reference of an image in a registry, and what publishes another
// edition of it there.
func editions(t *testing.T) (ref string, publish func(change string)) {
	t.Helper()
	repository := testenv.NewRegistry(t).Address + "/test/updated"
	ref = repository + ":1"
	t.Cleanup(func() { // after the containers
		if ids := strings.Fields(testenv.Docker(t, "images", "--quiet", "--no-trunc", repository)); len(ids) > 0 {
			testenv.Docker(t, append([]string{"rmi", "--force"}, ids...)...)
		}
	})
	base := testenv.RuntimeName(t)
	testenv.Docker(t, "create", "--name", base, testenv.Image(t, testenv.FakeJupyter))
	return ref, func(change string) {
		t.Helper()
		testenv.Docker(t, "commit", "--change", change, base, ref)
		testenv.Docker(t, "push", ref)
		testenv.Docker(t, "rmi", ref)
	}
}

// updatedRig is a runtime whose image gets newer.
type updatedRig struct {
	*rig
	container string // the one there is
}

func (r *updatedRig) testMade(t *testing.T) {
	r.Open()
	r.mustStart()
	r.container = r.id()
	r.docker("exec", r.profile.Runtime, "sh", "-c", "echo kept > ~/work.ipynb")
	if s := r.must(r.Update); r.id() != r.container || s.Container != r.container {
		t.Error("an image that is current made another container")
	}
}

func (r *updatedRig) testNewer(t *testing.T) {
	if r.podman == nil { // which does not tell
		r.askRegistry(t.Context())
		r.until("the newer image", func(s Snapshot) bool { return s.NewerImage != "" && s.NewerImageIsNews })
	}
	s := r.must(r.Update)
	r.until("no newer image", func(s Snapshot) bool { return s.NewerImage == "" })
	r.mustServe(s.URL)
	edition := r.docker("inspect", "--format", "{{.Config.Labels.edition}}", r.profile.Runtime)
	if r.id() == r.container || edition != "2" {
		t.Errorf("after the update it is edition %s", edition)
	}
	if text := r.docker("exec", r.profile.Runtime, "cat", "/home/jovyan/work.ipynb"); text != "kept" {
		t.Errorf("the notebook has become %q", text)
	}
	r.mustBeAlone()
	r.container = r.id()
}

func (r *updatedRig) testBroken(t *testing.T) {
	p := r.Problem(r.Update(t.Context()), problem.RolledBack)
	if !strings.Contains(p.Hint, "out of order") {
		t.Errorf("the hint is %q", p.Hint)
	}
	r.mustServe(r.untilState(Ready).URL)
	if r.id() != r.container {
		t.Error("the old container was not put back")
	}
	r.mustBeAlone()
	r.mustBeMadeOf(t, "2")

	// What worked can be made again: the name of the image means it.
	if _, err := r.Delete(t.Context(), data.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	r.mustServe(r.mustStart().URL)
	r.mustBeMadeOf(t, "2")
}

// testUndone goes back to the image before the last update, and forth again.
func (r *updatedRig) testUndone(t *testing.T) {
	first := r.imageID(keptImageName(keptPrevious, r.profile))
	r.until("an image to go back to", func(s Snapshot) bool { return s.PreviousImage })
	for _, edition := range []string{"1", "2"} {
		r.mustServe(r.must(r.UndoUpdate).URL)
		r.mustBeMadeOf(t, edition)
		r.mustBeAlone()
	}
	if text := r.docker("exec", r.profile.Runtime, "cat", "/home/jovyan/work.ipynb"); text != "kept" {
		t.Errorf("the notebook has become %q", text)
	}
	if working := r.imageID(keptImageName(keptWorking, r.profile)); working != "" {
		t.Errorf("an image is still on trial: %s", working)
	}

	// A program that was killed after the pull, or while the new container
	// starts, leaves the new image on trial.
	r.docker("tag", r.profile.Image, keptImageName(keptWorking, r.profile))
	r.docker("tag", first, r.profile.Image)
	r.mustServe(r.must(r.Restart).URL)
	r.mustBeMadeOf(t, "2")
	if working := r.imageID(keptImageName(keptWorking, r.profile)); working != "" {
		t.Errorf("an image is still on trial: %s", working)
	}

	// Somebody else pulled the image, so it may be that as well as the settings.
	worked := r.imageID(r.profile.Image)
	r.docker("tag", first, r.profile.Image)
	r.change(func(p *config.Profile) { p.Command = []string{"sh", "-c", "exit 3"} })
	r.untilState(Ready)
	if p := r.Problem(r.Restart(t.Context()), problem.RolledBack); p.Short != i18n.T("problem.rolledBackEither") {
		t.Errorf("the problem is %q", p.Short)
	}
	r.docker("tag", worked, r.profile.Image)
	r.change(func(p *config.Profile) { p.Command = nil })
	r.untilState(Ready)

	if err := r.RemovePrevious(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := r.imageID(first); left != "" {
		t.Error("the image was not removed")
	}
	r.Problem(r.RemovePrevious(t.Context()), problem.NoPrevious)
	r.Problem(r.UndoUpdate(t.Context()), problem.NoPrevious)
	r.mustServe(r.untilState(Ready).URL)
}

// mustBeMadeOf asserts that the runtime is made from that edition of the image, and
// that the image's name means it.
func (r *updatedRig) mustBeMadeOf(t *testing.T, edition string) {
	t.Helper()
	if got := r.docker("inspect", "--format", "{{.Config.Labels.edition}}", r.profile.Runtime); got != edition {
		t.Errorf("the runtime is edition %s, want %s", got, edition)
	}
	if named, made := r.imageID(r.profile.Image), r.docker("inspect", "--format", "{{.Image}}", r.profile.Runtime); named != made {
		t.Errorf("the image's name means %s, and the runtime is made from %s", named, made)
	}
}

// imageID returns the ID of an image, empty when it is not there.
func (r *rig) imageID(name string) string {
	r.t.Helper()
	id, err := imageID(r.t.Context(), r.engine(), name, "")
	if err != nil {
		r.t.Fatal(err)
	}
	return id
}

// TestHalfReplaced: what an operation left that was killed half way is put in
// order by the next one.
func TestHalfReplaced(t *testing.T) {
	oneEngine(t, func(t *testing.T, r *rig) {
		r.Open()
		r.mustStart()
		made, name := r.id(), r.profile.Runtime
		if err := r.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.docker("create", "--name", name+"-next", "--label", engine.LabelRuntime+"="+name, "--volume", r.profile.Volume()+":/data", r.profile.Image)
		r.mustStart()
		r.mustBeAlone()

		if err := r.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.docker("rename", name, name+"-previous")
		r.mustStart()
		r.mustBeAlone()
		if r.id() != made {
			t.Error("the old container did not take its name back")
		}

		if err := r.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.docker("rename", name, name+"-previous")
		r.docker("create", "--name", name, "--label", engine.LabelRuntime+"="+name, "--volume", r.profile.Volume()+":/data", r.profile.Image, "sh", "-c", "exit 5")
		r.Problem(r.Start(t.Context()), problem.RolledBack)
		r.mustBeAlone()
		if r.untilState(Ready); r.id() != made {
			t.Error("the new container could not run, and the old one is not back")
		}
	})
}

// meddled is an engine on which somebody starts a container that has just been given the
// name of one in reserve.
type meddled struct{ *memory.Engine }

func (m meddled) Rename(ctx context.Context, id, name string) error {
	err := m.Engine.Rename(ctx, id, name)
	if err == nil && strings.HasSuffix(name, engine.PreviousSuffix) {
		err = m.Start(ctx, id)
	}
	return err
}

// TestReplacedContainerIsStarted: somebody starts the old container while it is replaced
// by one on another port. It is removed all the same, and the next operation works.
func TestReplacedContainerIsStarted(t *testing.T) {
	t.Parallel()
	r := newRig(t, inMemory(t), testenv.Notebook6)
	r.memory.as = meddled{r.memory.Engine}
	r.Open()
	before := r.mustStart()
	r.profile.Port = testenv.FreePort(t)
	r.SetProfile(r.profile)
	after := r.must(r.Restart)
	if after.Container == before.Container {
		t.Error("the container is the old one")
	}
	r.mustBeAlone()
	r.must(r.Restart)
}

// TestNextContainerIsStarted: somebody has started the new container that an interrupted
// replacement left.
func TestNextContainerIsStarted(t *testing.T) {
	t.Parallel()
	r := newRig(t, inMemory(t), testenv.Notebook6)
	r.Open()
	r.mustStart()
	other := r.profile
	other.Port = testenv.FreePort(t)
	spec := specOf(other, r.server, engine.Info{})
	spec.Name += engine.NextSuffix
	next, err := r.memory.Create(t.Context(), spec)
	if err == nil {
		err = r.memory.Start(t.Context(), next.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	r.must(r.Restart)
	r.mustBeAlone()
}
