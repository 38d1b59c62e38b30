package runtime

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/docker/docker/client"

	"github.com/docker/docker/api/types/container"

	"colabtray/internal/config"
	"colabtray/internal/data"
	"colabtray/internal/engine"
	"colabtray/internal/engine/docker"
	"colabtray/internal/problem"
	"colabtray/internal/secret"
	"colabtray/test/testenv"
)

func TestDataMounts(t *testing.T) {
	const passwd = "root:x:0:0:root:/root:/bin/bash\nana:x:1234:100::/home/ana:/bin/sh\nodd line\nnobody:x:65534:65534::/nonexistent:\n"
	home := func(dir string) []string { return []string{"HOME=" + dir} }
	for name, c := range map[string]struct {
		image   engine.ImageConfig
		env     string
		folders []string
		kind    config.Kind
		root    string
		want    string
	}{
		"docker-stacks":                  {image: engine.ImageConfig{User: "1000", WorkDir: "/home/jovyan", Env: home("/home/jovyan")}, want: "/home/jovyan"},
		"its subfolder":                  {image: engine.ImageConfig{User: "1000", WorkDir: "/home/jovyan/work", Env: home("/home/jovyan")}, want: "/home/jovyan"},
		"works elsewhere":                {image: engine.ImageConfig{User: "1000", WorkDir: "/workspace", Env: home("/home/jovyan")}, want: "/home/jovyan /workspace"},
		"TensorFlow":                     {image: engine.ImageConfig{User: "", WorkDir: "/tf"}, want: "/root /tf"},
		"a name":                         {image: engine.ImageConfig{User: "ana", WorkDir: "/home/ana/"}, want: "/home/ana"},
		"a number and a group":           {image: engine.ImageConfig{User: "1234:100", WorkDir: "/home/ana"}, want: "/home/ana"},
		"above the home":                 {image: engine.ImageConfig{User: "ana", WorkDir: "/home"}, want: "/home/ana"},
		"no directory":                   {image: engine.ImageConfig{User: "ana", WorkDir: ""}, want: "/home/ana"},
		"a directory of the system":      {image: engine.ImageConfig{User: "ana", WorkDir: "/opt/app"}, want: "/home/ana"},
		"that it is, unclean":            {image: engine.ImageConfig{User: "ana", WorkDir: "//usr/../usr/src"}, want: "/home/ana"},
		"an unknown number":              {image: engine.ImageConfig{User: "4711", WorkDir: "/workspace"}, want: "/workspace"},
		"nothing to go by":               {image: engine.ImageConfig{User: "4711", WorkDir: "/"}, want: "/home/jovyan"},
		"the profile's HOME":             {image: engine.ImageConfig{User: "", WorkDir: "/tf"}, env: "/data/me", want: "/data/me /tf"},
		"a folder of the host":           {image: engine.ImageConfig{User: "ana", WorkDir: "/workspace"}, folders: []string{"/workspace"}, want: "/home/ana"},
		"in one":                         {image: engine.ImageConfig{User: "ana", WorkDir: "/w/nb"}, folders: []string{"/w"}, want: "/home/ana"},
		"one beside":                     {image: engine.ImageConfig{User: "ana", WorkDir: "/w"}, folders: []string{"/w/data"}, want: "/home/ana /w"},
		"what the server shows":          {image: engine.ImageConfig{User: "ana", WorkDir: "/home/ana"}, root: "/data", want: "/home/ana /data"},
		"it shows all":                   {image: engine.ImageConfig{User: "ana", WorkDir: "/home/ana"}, root: "/", want: "/home/ana"},
		"it shows what is there":         {image: engine.ImageConfig{User: "ana", WorkDir: "/home/ana"}, root: "/home/ana/nb", want: "/home/ana"},
		"it shows the system":            {image: engine.ImageConfig{User: "ana", WorkDir: "/home/ana"}, root: "/etc/x", want: "/home/ana"},
		"an image of Colab":              {image: engine.ImageConfig{User: "", WorkDir: "/content", Env: home("/root")}, kind: config.KindColab, want: "/content"},
		"like a directory of the system": {image: engine.ImageConfig{User: "", WorkDir: "/usrdata"}, want: "/root /usrdata"},
	} {
		p := config.Default()
		if c.kind != "" {
			p.Kind = c.kind
		}
		if c.env != "" {
			p.Env = []config.Variable{{Name: "HOME", Value: secret.New(c.env)}}
		}
		for _, f := range c.folders {
			p.Folders = append(p.Folders, config.Folder{Path: f})
		}
		a, err := engine.HomeOf(c.image, p.Env, func() ([]byte, error) { return []byte(passwd), nil })
		if got := strings.Join(dataMounts(p, a, c.root), " "); err != nil || got != c.want {
			t.Errorf("%s: %q, want %q (%v)", name, got, c.want, err)
		}
	}
}

func TestUnsaved(t *testing.T) {
	anonymous := strings.Repeat("0f", 32)
	for name, c := range map[string]struct {
		mounts []engine.Mount
		root   string
		kind   config.Kind
		want   string
	}{
		"in the volume":              {mounts: []engine.Mount{{Volume: "v", Target: "/work"}}},
		"nowhere":                    {want: "/work"},
		"in a folder":                {mounts: []engine.Mount{{Volume: "", Target: "/work"}}},
		"below the volume":           {mounts: []engine.Mount{{Volume: "v", Target: "/"}}},
		"beside it":                  {mounts: []engine.Mount{{Volume: "v", Target: "/workspace"}}, want: "/work"},
		"in a volume without a name": {mounts: []engine.Mount{{Volume: "v", Target: "/"}, {Volume: anonymous, Target: "/work"}}, want: "/work"},
		"the server's own":           {mounts: []engine.Mount{{Volume: "v", Target: "/work"}}, root: "/tf/", want: "/tf"},
		"the server's own is kept":   {mounts: []engine.Mount{{Volume: "v", Target: "/tf"}}, root: "/tf"},
		"all":                        {mounts: []engine.Mount{{Volume: "v", Target: "/work"}}, root: "/", want: "/"},
		"Colab's":                    {mounts: []engine.Mount{{Volume: "v", Target: "/work"}}, root: "/", kind: config.KindColab},
		"the server's own, hostile":  {mounts: []engine.Mount{{Volume: "v", Target: "/work"}}, root: "../x"},
	} {
		if got := unsaved(c.kind, engine.Container{Exists: true, WorkDir: "/work", Mounts: c.mounts}, c.root); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// layout is an image whose Jupyter does not work where those of docker-stacks do.
type layout struct {
	script  string   // run as root to make it
	changes []string // to the image's configuration
	dir     string   // where it works
	brought string   // a file that the image has there
	owner   string
	volume  bool // the image wants one there
}

var layouts = map[string]layout{
	"workspace": {
		script:  "mkdir /workspace; chown 1000:100 /workspace; echo brought > /workspace/readme.md",
		changes: []string{"USER 1000:100", "WORKDIR /workspace", "VOLUME /workspace"},
		dir:     "/workspace", brought: "readme.md", owner: "1000:100", volume: true,
	},
	"ana": {
		script:  "echo ana:x:1234:100::/home/ana:/bin/sh >> /etc/passwd; mkdir /home/ana; echo brought > /home/ana/readme.md; chown -R ana:100 /home/ana",
		changes: []string{"USER ana", "WORKDIR /home/ana", "ENV HOME="},
		dir:     "/home/ana", brought: "readme.md", owner: "1234:100",
	},
	"tf": {
		script:  "mkdir -p /tf/tutorials; echo brought > /tf/tutorials/one.ipynb; echo brought > /root/.ours",
		changes: []string{"USER root", "WORKDIR /tf", "ENV HOME="},
		dir:     "/tf", brought: "tutorials/one.ipynb", owner: "0:0",
	},
}

// layout makes an image of that layout, which goes with the test.
func (s site) layout(t *testing.T, image string, l layout) string {
	t.Helper()
	base, name := s.image(t, image), s.runtimeName(t)
	testenv.DockerAt(t, s.host, "run", "--name", name, "--network", "none", "--user", "0:0", "--entrypoint", "sh", base, "-ec", l.script)
	made := "localhost/" + name + ":1"
	_, err := s.client(t).ContainerCommit(t.Context(), name, container.CommitOptions{
		Reference: made, Config: &container.Config{}, // Podman wants one
		Changes: append(l.changes, `ENTRYPOINT ["tini","-g","--"]`, `CMD ["start-notebook.py"]`),
	})
	if err != nil {
		t.Fatal(err)
	}
	testenv.DockerAt(t, s.host, "rm", name)
	t.Cleanup(func() { testenv.DockerAt(t, s.host, "rmi", "--force", made) })
	return made
}

// client returns a client of the engine itself.
func (s site) client(t *testing.T) *client.Client {
	t.Helper()
	api, err := client.NewClientWithOpts(client.WithHost(s.host), client.WithAPIVersionNegotiation())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = api.Close() })
	return api
}

// asked returns the engine as the program has it.
func (s site) asked(t *testing.T) *docker.Engine {
	t.Helper()
	e, err := docker.New(s.host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	if _, err := e.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	return e
}

// newRigAt makes a runtime of an image of that layout.
func newRigAt(t *testing.T, at site, image string, l layout) *rig {
	t.Helper()
	made := at.layout(t, image, l)
	return newRigOf(t, at, made)
}

// eachLayout runs a test with a layout on Docker, and with another one on Podman.
func eachLayout(t *testing.T, docker, podman string, test func(t *testing.T, r *rig, l layout)) {
	realEngine(t)
	run := func(name string, at func(*testing.T) site, image, engine string) {
		t.Run(name+" on "+engine, func(t *testing.T) {
			t.Parallel()
			test(t, newRigAt(t, at(t), image, layouts[name]), layouts[name])
		})
	}
	run(docker, onDocker, testenv.FakeJupyter, "docker")
	run(podman, onPodman, testenv.FakeJupyter, "podman")
}

// write writes a file as Jupyter's page does.
func (r *rig) write(name, text string) {
	r.t.Helper()
	body, _ := json.Marshal(map[string]string{"type": "file", "format": "text", "content": text})
	if status, message := r.contents(http.MethodPut, name, body); status/100 != 2 {
		r.t.Fatalf("%s was not written: %d %s", name, status, message)
	}
}

// written returns what Jupyter's page shows of a file.
func (r *rig) written(name string) string {
	r.t.Helper()
	status, message := r.contents(http.MethodGet, name, nil)
	var file struct{ Content string }
	if err := json.Unmarshal([]byte(message), &file); err != nil || status != http.StatusOK {
		return fmt.Sprint("status ", status)
	}
	return strings.TrimSuffix(file.Content, "\n")
}

func (r *rig) contents(method, name string, body []byte) (status int, message string) {
	r.t.Helper()
	url := r.untilState(Ready).URL
	request, err := http.NewRequestWithContext(r.t.Context(), method, fmt.Sprintf("http://127.0.0.1:%d/api/contents/%s?type=file&format=text", url.Port(), name), bytes.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header.Set("Authorization", "token "+url.Token().Reveal())
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer response.Body.Close()
	var text bytes.Buffer
	_, _ = text.ReadFrom(response.Body)
	return response.StatusCode, text.String()
}

func TestNotebooksAreKeptWhereverJupyterWorks(t *testing.T) {
	eachLayout(t, "tf", "workspace", func(t *testing.T, r *rig, l layout) {
		r.Open()
		r.mustStart()
		if got := r.written(l.brought); got != "brought" {
			t.Errorf("what the image brings is %q", got)
		}
		r.write("work.ipynb.txt", "precious")
		if s := r.Snapshot(); s.Unsaved != "" || s.RestartToApply {
			t.Errorf("a new container: %+v", s)
		}
		if got := r.inVolume("stat -c %u:%g . && cat work.ipynb.txt"); got != l.owner+"\nprecious" {
			t.Errorf("the volume has %q", got)
		}
		made := r.id()
		r.change(func(p *config.Profile) { p.Memory = 1 << 30 })
		r.untilState(Ready)
		r.must(r.Restart)
		if r.id() == made || r.written("work.ipynb.txt") != "precious" || r.written(l.brought) != "brought" {
			t.Errorf("after a restart: %q, %q", r.written("work.ipynb.txt"), r.written(l.brought))
		}
		if _, err := r.Delete(t.Context(), data.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		r.mustStart()
		if r.written("work.ipynb.txt") != "precious" || r.written(l.brought) != "brought" {
			t.Errorf("after delete and start: %q, %q", r.written("work.ipynb.txt"), r.written(l.brought))
		}
		r.noHelpers()
		r.mustBeAlone()
	})
}

// earlier makes the container as versions did that had the volume at one place.
func (r *rig) earlier() {
	r.t.Helper()
	spec := specOf(r.profile, r.server, engine.Info{})
	e := r.site.asked(r.t)
	made, err := e.Create(r.t.Context(), spec)
	files := r.server.Files(r.profile)
	if err := errors.Join(err, e.Put(r.t.Context(), made.ID, files, contentTime(files))); err != nil {
		r.t.Fatal(err)
	}
}

func TestEarlierContainersGiveTheirFiles(t *testing.T) {
	eachLayout(t, "workspace", "ana", func(t *testing.T, r *rig, l layout) {
		r.earlier()
		r.Open()
		r.mustStart()
		s := r.until("the warning", func(s Snapshot) bool { return s.Unsaved == l.dir })
		if !s.RestartToApply {
			t.Error("no word of a new container")
		}
		r.write("work.txt", "precious")
		r.docker("exec", r.profile.Runtime, "sh", "-ec", `cd "$0"
			mkdir -p deep/er __pycache__ "sp ace" proc
			echo one > deep/er/a.py; ln deep/er/a.py deep/b.py; ln -s er/a.py deep/c.py
			echo two > "sp ace/-x"; echo no > __pycache__/x; echo p > proc/p
			printf bytes > "$(printf 'bad\377utf8')"; mkfifo pipe; echo mine > taken.txt`, l.dir)
		r.inVolume("echo theirs > taken.txt; chown " + l.owner + " taken.txt")
		made := r.id()
		if r.must(r.Restart); r.id() == made {
			t.Error("it was not made anew")
		}
		r.until("no warning", func(s Snapshot) bool { return s.Unsaved == "" && !s.RestartToApply })
		if got := r.written("work.txt"); got != "precious" {
			t.Errorf("the notebook is %q", got)
		}
		if got := r.written(l.brought); got != "brought" {
			t.Errorf("what the image brings is %q", got)
		}
		got := r.docker("exec", r.profile.Runtime, "sh", "-c", `cd "$0"; cat deep/er/a.py deep/b.py deep/c.py "sp ace/-x" proc/p; ls __pycache__ 2>/dev/null
			cat "$(printf 'bad\377utf8')"; echo; cat taken.txt recovered-*/taken.txt; stat -c '%u:%g' deep deep/er/a.py recovered-* recovered-*/taken.txt | sort -u; touch new`, l.dir)
		again := ""
		if l.volume { // of which all is copied
			again = "x\n"
		}
		if want := "one\none\none\ntwo\np\n" + again + "bytes\ntheirs\nmine\n" + l.owner; got != want {
			t.Errorf("it has\n%s\nwant\n%s", got, want)
		}
		r.mustBeAlone()
		r.noHelpers()
		onlyFiles(t, r.backups)
		if left := r.inVolume("ls -d .colab-tray-restore 2>/dev/null || :"); left != "" {
			t.Error("something is left")
		}
	})
}

// TestHandmadeIsSavedBeforeItGoes deletes containers that people made themselves,
// and that have no volume, or another one.
func TestHandmadeIsSavedBeforeItGoes(t *testing.T) {
	eachEngine(t, func(t *testing.T, r *rig) {
		run := func(args ...string) {
			args = append([]string{"run", "-d", "--name", r.profile.Runtime, "-p", fmt.Sprintf("127.0.0.1:%d:8888", r.profile.Port)}, args...)
			r.docker(append(args, r.profile.Image)...)
		}
		run()
		r.Open()
		if s := r.until("the server's directory", func(s Snapshot) bool { return s.State == Ready && s.root != "" }); s.Unsaved != "/home/jovyan" || s.RestartToApply {
			t.Errorf("ready, and %+v", s)
		}
		r.write("work.txt", "precious")
		goes, err := r.PlanDelete(t.Context())
		if err != nil || !goes.Container || !goes.Running || goes.Ours || goes.Volume || goes.Others != nil || goes.Lost.Files == 0 || fmt.Sprint(goes.Lost.Dirs) != "[/home/jovyan]" {
			t.Errorf("what goes is %+v, %v", goes, err)
		}
		file := filepath.Join(t.TempDir(), "b")
		b, err := r.Backup(t.Context(), data.BackupOptions{File: file})
		if err != nil || b.Omitted.Extra == 0 || fmt.Sprint(b.Ephemeral) != "[/home/jovyan]" {
			t.Errorf("backup %+v, %v", b, err)
		}
		deleted, err := r.Delete(t.Context(), data.DeleteOptions{})
		if err != nil || !deleted.Container || deleted.Volume || deleted.Backup == "" || deleted.Rescued != nil {
			t.Fatalf("deleted %+v, %v", deleted, err)
		}
		r.nothingMade()
		r.noHelpers()
		onlyFiles(t, r.backups, filepath.Base(deleted.Backup))
		if _, err := r.Restore(t.Context(), data.RestoreOptions{}); err != nil {
			t.Fatal(err)
		}
		r.mustStart()
		if got := r.written("work.txt"); got != "precious" {
			t.Errorf("after the restore the notebook is %q", got)
		}
		if _, err := r.Delete(t.Context(), data.DeleteOptions{Data: true, NoBackup: true}); err != nil {
			t.Fatal(err)
		}

		other := r.profile.Runtime + "-other"
		t.Cleanup(func() { r.docker("volume", "rm", other) })
		run("-v", other+":/home/jovyan")
		if s := r.untilState(Ready); s.Unsaved != "" {
			t.Errorf("with a volume of its own: %+v", s)
		}
		goes, err = r.PlanDelete(t.Context())
		if err != nil || goes.Volume || fmt.Sprint(goes.Others) != "["+other+"]" || goes.Lost.Files != 0 {
			t.Errorf("what goes is %+v, %v", goes, err)
		}
		deleted, err = r.Delete(t.Context(), data.DeleteOptions{Data: true})
		if err != nil || !reflect.DeepEqual(deleted, data.DeleteResult{Container: true}) {
			t.Errorf("deleted %+v, %v", deleted, err)
		}
		r.docker("volume", "inspect", other)
	})
}

// TestServerShowsAnotherDirectory: its own configuration says so, which nobody knows
// before it runs. The first time the files cannot be copied, so all is as it was.
func TestServerShowsAnotherDirectory(t *testing.T) {
	realEngine(t)
	r := newRigAt(t, onDocker(t), testenv.Server2, layout{
		script: `mkdir /data; chown 1000:100 /data; echo brought > /data/readme.md
			echo "c = get_config(); c.ServerApp.ip = '0.0.0.0'; c.ServerApp.root_dir = '/data'" > /etc/jupyter/jupyter_server_config.py`,
		changes: []string{"USER 1000:100", "WORKDIR /home/jovyan"},
	})
	r.Open()
	r.mustStart()
	r.until("the warning", func(s Snapshot) bool { return s.Unsaved == "/data" && s.RestartToApply })
	now, err := r.WithUnsaved(t.Context(), r.Snapshot())
	if w := UnsavedWarning(r.profile, now); err != nil || w == nil || w.Command != r.profile.CommandLine("restart") {
		t.Errorf("the warning is %+v, %v", w, err)
	}
	r.write("work.txt", "precious")
	made := r.id()

	blocked := filepath.Join(r.backups, r.profile.Runtime+".lock")
	if err := errors.Join(os.RemoveAll(blocked), os.MkdirAll(blocked, 0o700)); err != nil {
		t.Fatal(err)
	}
	p := r.Problem(r.Restart(t.Context()), problem.RolledBack)
	r.until("the warning again", func(s Snapshot) bool { return s.Unsaved == "/data" })
	if r.id() != made || r.written("work.txt") != "precious" {
		t.Errorf("it could not be copied (%s), and is gone", p.Hint)
	}
	r.Problem(second2(r.Delete(t.Context(), data.DeleteOptions{})), problem.BackupFailed)
	if err := os.Remove(blocked); err != nil {
		t.Fatal(err)
	}

	r.mustStart()
	r.must(r.Restart)
	r.until("no warning", func(s Snapshot) bool { return s.Unsaved == "" && s.root == "/data" && !s.RestartToApply })
	if r.id() == made || r.written("work.txt") != "precious" || r.written("readme.md") != "brought" {
		t.Errorf("it has %q, %q", r.written("work.txt"), r.written("readme.md"))
	}
	if got := r.docker("exec", r.profile.Runtime, "cat", "/home/jovyan/work.txt"); got != "precious" {
		t.Errorf("the volume has %q", got)
	}
	r.mustBeAlone()
	r.noHelpers()
}

func second2(_ data.DeleteResult, err error) error { return err }
