package guide

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"colabtray/internal/config"
	"colabtray/test/testenv"
)

// TestFoldersInBrowser adds and removes folders in the page, one of which the runtime
// then has.
func TestFoldersInBrowser(t *testing.T) {
	t.Parallel()
	r := newRig(t, testenv.Server2)
	const comment = "# mine\n"
	data := filepath.Join(t.TempDir(), "data")
	for _, err := range []error{os.WriteFile(r.file, []byte(comment), 0o600), os.Mkdir(data, 0o755), os.WriteFile(filepath.Join(data, "x"), []byte("here"), 0o644)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	w := openWindow(t, r)
	w.turnTo("folders")
	w.wait("no folders", `!document.getElementById("folders-none").hidden && document.getElementById("folders-list").hidden`)
	add := func(path string) {
		t.Helper()
		w.do("type "+path, chromedp.SetValue("#folders-path", path))
		w.click("folders-add")
	}
	note := func(part string) {
		t.Helper()
		w.wait(part, `document.getElementById("folders-note").textContent.includes("`+part+`")`)
	}

	add(data + "/none")
	note("There is no folder")
	add("data")
	note("is no absolute path")
	if text, err := os.ReadFile(r.file); err != nil || string(text) != comment {
		t.Errorf("of what is no folder the settings are %q, %v", text, err)
	}
	add("/")
	w.wait("the question", `!document.getElementById("folders-question").hidden && document.getElementById("folders-why").textContent.includes("whole disk")`)
	w.pictures("folders-question")
	w.click("folders-no")
	w.wait("no question", `document.getElementById("folders-question").hidden`)

	w.click("folders-read")
	add(data)
	note("The next start applies it")
	w.wait("the folder", `document.getElementById("folders-list").textContent.includes("at /home/jovyan/data, only for reading")`)
	if text, err := os.ReadFile(r.file); err != nil || !strings.HasPrefix(string(text), comment) || !strings.Contains(string(text), data) {
		t.Errorf("the settings are %q, %v", text, err)
	}
	w.click("start")
	w.wait("a ready runtime", `document.getElementById("state").textContent === "Ready"`)
	if got := testenv.Docker(t, "exec", r.profile.Runtime, "cat", "/home/jovyan/data/x"); got != "here" {
		t.Errorf("in the runtime there is %q", got)
	}
	w.pictures("folders")

	testenv.Docker(t, "exec", r.profile.Runtime, "sh", "-c", "mkdir ~/mine && touch ~/mine/notebook")
	mine := filepath.Join(t.TempDir(), "mine")
	if err := os.Mkdir(mine, 0o755); err != nil {
		t.Fatal(err)
	}
	add(mine)
	w.wait("the question", `document.getElementById("folders-why").textContent.includes("has files at /home/jovyan/mine")`)
	w.click("folders-no")

	w.turnTo("folders")
	w.do("remove it", chromedp.Click("#folders-list button"))
	note("Restart the runtime to apply it")
	w.wait("no folders again", `document.getElementById("folders-list").hidden`)
	if settings, err := config.Load(config.Sources{File: r.file}); err != nil || len(settings.Profile.Folders) != 0 {
		t.Errorf("the settings have %v, %v", settings.Profile.Folders, err)
	}
	testenv.WaitFor(t, "that a restart applies it", func() error {
		if r.manager.Snapshot().RestartToApply {
			return nil
		}
		return os.ErrNotExist
	})

	add("/")
	w.click("folders-yes")
	w.wait("the disk", `document.getElementById("folders-list").textContent.includes("at /home/jovyan/disk")`)
}
