package config

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestOpens: the warnings about folders that expose more than most people intend.
func TestOpens(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the paths are those of Unix")
	}
	top := t.TempDir()
	home, run := filepath.Join(top, "home", "ana"), filepath.Join(top, "run")
	t.Setenv("HOME", home)
	t.Setenv("XDG_RUNTIME_DIR", run)
	t.Setenv("DOCKER_HOST", "unix://"+filepath.Join(top, "mine", "engine"))
	link := filepath.Join(top, "link")
	if err := errors.Join(os.MkdirAll(filepath.Join(home, "data"), 0o700), os.MkdirAll(run, 0o700), os.Symlink(home, link)); err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]Exposes{
		"/":                                    ExposesDisk,
		home:                                   ExposesHome,
		filepath.Dir(home):                     ExposesHome,
		link:                                   ExposesHome,
		filepath.Join(home, "data"):            "",
		filepath.Join(link, "data"):            "",
		filepath.Join(top, "home", "an"):       "",
		"/var/run/docker.sock":                 ExposesEngine,
		"/run":                                 ExposesEngine,
		"/run/podman":                          ExposesEngine,
		run:                                    ExposesEngine,
		filepath.Join(run, "podman"):           ExposesEngine,
		filepath.Join(run, "other"):            "",
		filepath.Join(top, "mine"):             ExposesEngine,
		filepath.Join(top, "mine", "engine"):   ExposesEngine,
		filepath.Join(home, ".docker"):         ExposesEngine,
		"/srv/elsewhere/docker.sock":           ExposesEngine,
		"/srv":                                 "",
		filepath.Join(home, ".docker", "conf"): "",
	} {
		if got := (Folder{Host: host}).Exposes(); got != want {
			t.Errorf("%s opens %q, not %q", host, got, want)
		}
	}
	p := Profile{Name: "mine", Folders: []Folder{{Host: "/srv"}, {Host: "/"}, {Host: home}, {Host: run}}}
	got := p.Warnings()
	if len(got) != 3 || !strings.Contains(got[0], "the whole disk") || !strings.Contains(got[1], home) || !strings.Contains(got[2], "engine") {
		t.Errorf("got %q", got)
	}
}

// TestExposesElsewhere goes by the path alone.
func TestExposesElsewhere(t *testing.T) {
	for path, want := range map[string]Exposes{
		"/": ExposesDisk, "//": ExposesDisk, "/srv/..": ExposesDisk, "/home": ExposesHome, "/home/ana/": ExposesHome, "/root": ExposesHome,
		"/home/ana/data": "", "/srv": "", "/srv/home": "", "/var/run/docker.sock": ExposesEngine, "/run": ExposesEngine,
		"/run/user/1000": ExposesEngine, "/run/user/1000/podman/podman.sock": ExposesEngine, "/var/lib": "",
	} {
		f := Folder{Host: path}
		if got := f.exposesElsewhere(); got != want || (f.QuestionElsewhere() == "") != (want == "") {
			t.Errorf("%s exposes %q: %q", path, got, f.QuestionElsewhere())
		}
	}
	there := Default()
	there.Engine, there.Folders = "ssh://gpubox", []Folder{{Host: "/root", Path: "/a"}, {Host: "/srv", Path: "/b"}}
	if got := there.Warnings(); len(got) != 1 || !strings.Contains(got[0], "home directories of its machine") {
		t.Errorf("got %q", got)
	}
}
