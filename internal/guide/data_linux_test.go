package guide

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"

	"colabtray/internal/config"
	"colabtray/test/testenv"
)

// TestKeepingInBrowser reads the output, backs up and brings back data, and updates the
// image of one runtime in the page.
func TestKeepingInBrowser(t *testing.T) {
	t.Parallel()
	testenv.Takes(t, "Jupyter has to start")
	made := &madeImages{name: "localhost/" + testenv.RuntimeName(t) + ":1"}
	t.Cleanup(func() { made.remove(t) }) // after the containers
	made.commit(t, "1")
	p := config.Default()
	p.Runtime, p.Port, p.Image = testenv.RuntimeName(t), testenv.FreePort(t), made.name
	r := open(t, testenv.Engine(t), p)
	w := openWindow(t, r)
	w.click("start")
	w.wait("a ready runtime", `document.getElementById("state").textContent === "Ready"`)

	t.Run("logs", func(t *testing.T) { testLogsInBrowser(t, r, w) })
	t.Run("data", func(t *testing.T) { testDataInBrowser(t, r, w) })
	t.Run("update", func(t *testing.T) { testUpdateInBrowser(t, r, w, made) })
}

// madeImages are images of one name, which the engine made itself.
type madeImages struct {
	name string
	ids  []string
}

// commit makes the next one.
func (m *madeImages) commit(t *testing.T, edition string) {
	t.Helper()
	from := testenv.RuntimeName(t)
	testenv.Docker(t, "create", "--name", from, testenv.Image(t, testenv.Server2))
	m.ids = append(m.ids, testenv.Docker(t, "commit", "--change", "LABEL edition="+edition, from, m.name))
	testenv.Docker(t, "rm", from)
}

func (m *madeImages) remove(t *testing.T) {
	t.Helper()
	testenv.Docker(t, append([]string{"rmi", "--force"}, m.ids...)...)
}

func testLogsInBrowser(t *testing.T, r *rig, w *window) {
	token := r.manager.Snapshot().URL.Token().Reveal()
	write := func(lines string) {
		t.Helper()
		testenv.Docker(t, "exec", r.profile.Runtime, "sh", "-c", "printf '"+lines+"' > /proc/1/fd/1")
	}
	has := func(text string) string {
		return fmt.Sprintf(`document.getElementById("logs-box").textContent.includes(%q)`, text)
	}
	write(`a <b>Stone</b> (1)\n`)
	w.click("logs-toggle")
	w.wait("the line", has("<b>Stone</b>"))
	w.wait("masked output", has("token=[redacted]"))

	w.do("search", chromedp.SendKeys("#logs-search", "b>stone</b> ("))
	w.wait("one line", `document.getElementById("logs-box").textContent === "a <b>Stone</b> (1)\n"`)
	if got := value[string](w, `document.querySelector("#logs-box mark").textContent`); got != "b>Stone</b> (" {
		t.Errorf("marked is %q", got)
	}
	write(`other\nanother <b>stone</b> (2)\n`)
	w.wait("the next line that is found", has("(2)"))
	if strings.Contains(w.text("logs-box"), "other\n") || !strings.HasPrefix(w.text("logs-found"), "2 of ") {
		t.Errorf("found are %q: %q", w.text("logs-found"), w.text("logs-box"))
	}
	w.pictures("logs-search")
	value[bool](w, `(document.getElementById("logs-search").value = "", document.getElementById("logs-search").dispatchEvent(new Event("input")))`)
	w.wait("all lines", has("token=[redacted]"))

	w.click("logs-pause")
	write(`while paused 1\nwhile paused 2\n`)
	w.wait("what waits", `document.getElementById("logs-waiting").textContent === "Lines that came meanwhile: 2"`)
	w.openPage("help") // where nothing follows the output
	write(`while away\n`)
	w.openPage("runtime")
	w.wait("what waits, after a look elsewhere", `document.getElementById("logs-waiting").textContent === "Lines that came meanwhile: 3"`)
	if got := w.text("logs-box"); strings.Contains(got, "while") || !strings.Contains(got, "Stone") {
		t.Errorf("while it is paused there is %q", got)
	}
	w.click("logs-pause")
	w.wait("what came meanwhile", has("while paused 2")+"&&"+has("while away"))

	downloads := t.TempDir()
	_, err := cdp.Call(w.ctx, chromedp.FromContext(w.ctx).Browser, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllow, DownloadPath: downloads,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.click("logs-save")
	var saved string
	testenv.WaitFor(t, "the file", func() error {
		text, err := os.ReadFile(filepath.Join(downloads, r.profile.Runtime+".log"))
		if saved = string(text); err == nil && !strings.Contains(saved, "while away") {
			err = errors.New("it is not whole")
		}
		return err
	})
	if strings.Contains(saved, token) || !strings.Contains(saved, "token=[redacted]") {
		t.Error("the file is not masked")
	}
	w.click("logs-toggle")
}

func testDataInBrowser(t *testing.T, r *rig, w *window) {
	opened := make(chan string, 1)
	r.OpenFolder = func(_ context.Context, dir string) error { opened <- dir; return nil }
	inVolume := func(script string) string {
		t.Helper()
		return testenv.RunInVolume(t, testenv.Engine(t), r.profile.Volume(), script)
	}
	note := func(what string) string {
		return fmt.Sprintf(`document.getElementById("data-work").hidden && document.getElementById("data-note").textContent.includes(%q)`, what)
	}
	inVolume(`mkdir -p 'a <b>/in'; head -c 3000000 /dev/urandom > 'a <b>/in/big'; printf old > work.txt; chown -R 1000:100 .`)

	w.click("data-look")
	w.wait("what takes the room", `document.querySelector("#data-parts .name")?.textContent === "a <b>"`)
	if got := w.text("data-parts"); !strings.Contains(got, "a <b>3 MB") || !strings.Contains(got, "in3 MB") {
		t.Errorf("the room is taken by %q", got)
	}
	if got := value[bool](w, `document.getElementById("data-undo").hidden && document.getElementById("data-list").hidden`); !got {
		t.Error("there are backups already")
	}

	w.click("data-backup")
	w.wait("the backup", note("It was read back and is whole."))
	w.wait("it in the list", `document.querySelectorAll("#data-list li").length === 1`)
	if got := w.text("data-list"); !strings.Contains(got, "made by you") {
		t.Errorf("the list has %q", got)
	}
	w.click("data-open")
	if dir := <-opened; dir != r.manager.BackupDir() {
		t.Errorf("the folder of the backups is %q", dir)
	}

	inVolume(`printf new > work.txt`)
	w.do("restore", chromedp.Click("#data-list button"))
	w.wait("the question", `!document.getElementById("data-question").hidden`)
	w.pictures("data-question")
	w.click("data-no")
	w.wait("no question", `document.getElementById("data-question").hidden`)
	if got := value[bool](w, `document.activeElement.textContent === "Restore"`); !got {
		t.Error("after the question the focus is elsewhere")
	}
	w.do("restore", chromedp.Click("#data-list button"))
	w.click("data-yes")
	w.wait("the data of then", note("The runtime was started again"))
	if got := inVolume("cat work.txt"); got != "old" {
		t.Errorf("restored is %q", got)
	}
	w.wait("the backup from before in the list", `document.querySelectorAll("#data-list li").length === 2 && document.querySelector("#data-list li").textContent.includes("automatic")`)
	w.pictures("data")

	// Another tab, or this one after a reload, knows as well.
	w.do("reload", chromedp.Reload())
	w.wait("what came of it", note("The runtime was started again"))
	w.wait("the list", `document.querySelectorAll("#data-list li").length === 2`)
	w.click("stop")
	w.wait("a stopped runtime", `document.getElementById("state").textContent === "Stopped"`)
	w.click("data-undo")
	w.click("data-yes")
	w.wait("the data of before again", `document.querySelectorAll("#data-list li").length === 3 && `+note("What the volume held is kept"))
	if got := inVolume("cat work.txt"); got != "new" {
		t.Errorf("after the undo there is %q", got)
	}

	v := newVisitor(t)
	origin := v.openSession(r)
	for _, name := range []string{"", "../x", "/etc/passwd", "x-20260101T000000.000Z.tar.zst"} {
		response, _ := v.ask("POST", origin+"/data/restore?name="+name, "Origin", origin, header, "1")
		wantStatus(t, "restoring "+name, response, http.StatusConflict)
	}
}

func testUpdateInBrowser(t *testing.T, r *rig, w *window, made *madeImages) {
	news := func(text string) {
		t.Helper()
		w.click("update-look")
		w.wait(text, fmt.Sprintf(`document.getElementById("update-note").textContent === %q`, text))
	}
	edition := func(want string) {
		t.Helper()
		if got := testenv.Docker(t, "inspect", "--format", "{{.Config.Labels.edition}}", r.profile.Runtime); got != want {
			t.Errorf("the runtime is edition %s, want %s", got, want)
		}
	}
	news("The runtime is made from the newest image.")
	if got := value[bool](w, `document.getElementById("update-do").hidden && document.getElementById("update-undo").hidden`); !got {
		t.Error("an update is offered and there is none")
	}
	made.commit(t, "2")
	news("The engine already has another image of this name than the one in use.")
	if got := w.text("update-facts"); !strings.Contains(got, "In usemade on ") || !strings.Contains(got, "After the updatemade on ") || !strings.Contains(got, ", today") {
		t.Errorf("the facts are %q", got)
	}
	w.pictures("update")
	w.click("update-do")
	w.wait("the update", `document.getElementById("update-note").textContent.includes("made anew from a newer image")`)
	edition("2")
	news("The runtime is made from the newest image.")
	w.click("update-undo")
	w.wait("the way back", `document.getElementById("update-note").textContent.includes("made anew from the earlier image")`)
	edition("1")
}
