package guide

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"colabtray/test/testenv"
)

// withFiles makes a guide to a stopped runtime that has files.
func withFiles(t *testing.T, script string) *rig {
	t.Helper()
	r := newRig(t, testenv.Server2)
	testenv.RunInVolume(t, testenv.Engine(t), r.profile.Volume(), script+"\nchown -R 1000:100 .")
	return r
}

// TestFilesInBrowser looks at files, and takes them and brings them as a person does.
func TestFilesInBrowser(t *testing.T) {
	t.Parallel()
	r := withFiles(t, `mkdir -p 'dätä <b>/in'; printf deep > 'dätä <b>/in/deep.txt'; printf hello > naïve.txt; ln -s naïve.txt link; printf bad > "$(printf 'x\033[31m\377')"`)
	opened := make(chan string, 1)
	r.OpenFolder = func(_ context.Context, dir string) error { opened <- dir; return nil }
	w := openWindow(t, r)
	downloads := t.TempDir()
	_, err := cdp.Call(w.ctx, chromedp.FromContext(w.ctx).Browser, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllow, DownloadPath: downloads,
	})
	if err != nil {
		t.Fatal(err)
	}
	rows := func(want ...string) {
		t.Helper()
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		w.wait(fmt.Sprintf("the files %q", want), fmt.Sprintf(
			`JSON.stringify([...document.querySelectorAll("#files-list .name")].map((n) => n.textContent)) === JSON.stringify(%s)`, text))
	}
	press := func(selector string) {
		t.Helper()
		w.wait(selector, fmt.Sprintf(`document.querySelector(%q)`, selector))
		w.do("click on "+selector, chromedp.Click(selector))
	}
	downloaded := func(name string) []byte {
		t.Helper()
		var content []byte
		testenv.WaitFor(t, "the download of "+name, func() (err error) {
			if content, err = os.ReadFile(filepath.Join(downloads, name)); err == nil && len(content) == 0 {
				err = errors.New("it is empty")
			}
			return err
		})
		return content
	}

	w.click("files-toggle")
	rows("dätä <b>/", "link", "naïve.txt", "x�")
	w.pictures("files")
	press("#files-list tr.file .get button")
	if got := downloaded("naïve.txt"); string(got) != "hello" {
		t.Errorf("downloaded %q", got)
	}
	press(`#files-list tr.folder button[data-as=zip]`)
	archive := downloaded("dätä _b_.zip")
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	if f, err := z.Open("dätä <b>/in/deep.txt"); err != nil {
		t.Error(err)
	} else if text, err := io.ReadAll(f); err != nil || string(text) != "deep" {
		t.Errorf("the zip archive has %q, %v", text, err)
	}

	press("#files-list tr.folder .name button")
	rows("in/")
	here := t.TempDir()
	for name, text := range map[string]string{"one.txt": "1", "tree/a/two.txt": "2", "tree/three.txt": "3"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(here, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(here, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w.do("choose a file", chromedp.SetUploadFiles("#files-input", []string{filepath.Join(here, "one.txt")}))
	rows("in/", "one.txt")
	w.wait("what was sent", `document.getElementById("files-note").textContent === "Uploaded: 1."`)

	w.do("show where to drop", chromedp.ScrollIntoView("#files-list"))
	at := value[[]float64](w, `(() => { const r = document.getElementById("files-list").getBoundingClientRect(); return [r.left + 20, r.top + 10]; })()`)
	for _, kind := range []input.DispatchDragEventType{"dragEnter", "dragOver", "drop"} {
		_, err := chromedp.Call(w.ctx, input.DispatchDragEvent, input.DispatchDragEventParams{
			Type: kind, X: at[0], Y: at[1], Data: &input.DragData{Items: []*input.DragDataItem{}, Files: []string{filepath.Join(here, "tree"), filepath.Join(here, "one.txt")}, DragOperationsMask: 1},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	rows("in/", "tree/", "one.txt")
	w.wait("what was sent", `document.getElementById("files-note").textContent === "Uploaded: 3."`)
	got := testenv.RunInVolume(t, testenv.Engine(t), r.profile.Volume(), `cd 'dätä <b>'; cat one.txt tree/a/two.txt tree/three.txt; find . ! -user 1000 -o ! -group 100`)
	if got != "123" {
		t.Errorf("uploaded: %q", got)
	}

	w.do("choose a file in the place of a folder", chromedp.SetUploadFiles("#files-input", []string{mustFile(t, "in")}))
	w.wait("the problem", `document.getElementById("files-note").textContent.includes("is a file and a folder")`)
	press("#files-path button")
	rows("dätä <b>/", "link", "naïve.txt", "x�")
	w.click("files-open")
	if dir := <-opened; !strings.Contains(dir, r.profile.Volume()) {
		t.Errorf("the folder of the data is %q", dir)
	}
}

func mustFile(t *testing.T, name string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestUploadIsGuarded: the one request with a body needs all that others need, and
// leads nowhere else.
func TestUploadIsGuarded(t *testing.T) {
	r := withFiles(t, "mkdir d; printf old > d/x")
	v := newVisitor(t)
	origin := v.openSession(r)
	post := func(v *browserClient, path, body string, headers ...string) (int, string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, origin+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(headers); i += 2 {
			request.Header.Set(headers[i], headers[i+1])
		}
		response, err := v.client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(text)
	}
	good := []string{"Origin", origin, header, "1"}
	manifest := func(name string) string { return fmt.Sprintf("[{\"name\":%q,\"size\":3}]\nnew", name) }
	at := uploadPath + "?path=" + refOf("d")
	for what, do := range map[string]func() (int, string){
		"without the secret": func() (int, string) { return post(newVisitor(t), at, manifest("x"), good...) },
		"of another origin":  func() (int, string) { return post(v, at, manifest("x"), "Origin", "https://example.com", header, "1") },
		"without our header": func() (int, string) { return post(v, at, manifest("x"), "Origin", origin) },
		"elsewhere":          func() (int, string) { return post(v, "/stop", manifest("x"), good...) },
	} {
		if status, _ := do(); status != http.StatusForbidden {
			t.Errorf("%s: the answer is %d", what, status)
		}
	}
	for _, name := range []string{"../x", "/x", "a/../../x", "", ".", "x/", "..", "a//b"} {
		if status, text := post(v, at, manifest(name), good...); status == http.StatusOK {
			t.Errorf("%q: the answer is %s", name, text)
		}
	}
	if status, text := post(v, at, "[{\"name\":\"x\",\"size\":99}]\nshort", good...); status != http.StatusConflict {
		t.Errorf("a short body: the answer is %d %s", status, text)
	}
	if got := testenv.RunInVolume(t, testenv.Engine(t), r.profile.Volume(), "cat d/x; find . | sort | tr '\n' ' '"); got != "old. ./d ./d/x " {
		t.Errorf("the volume has %q", got)
	}
	if status, text := post(v, at, manifest("x"), good...); status != http.StatusOK {
		t.Errorf("a good upload: %d %s", status, text)
	}
	response, body := v.ask("GET", origin+"/files/download?path="+refOf("d/x"))
	wantStatus(t, "a download", response, http.StatusOK)
	if _, params, err := mime.ParseMediaType(response.Header.Get("Content-Disposition")); body != "new" || err != nil || params["filename"] != "x" {
		t.Errorf("downloaded %q as %v, %v", body, params, err)
	}
	response, _ = v.ask("GET", origin+"/files/download?path="+refOf("/etc/passwd"))
	wantStatus(t, "a download of another file", response, http.StatusConflict)
	response, _ = newVisitor(t).ask("GET", origin+"/files/download?path="+refOf("d/x"))
	wantStatus(t, "a download without the secret", response, http.StatusForbidden)
	response, _ = v.ask("GET", origin+"/files?path="+refOf("d"), "Sec-Fetch-Site", "cross-site")
	wantStatus(t, "a list for another site", response, http.StatusForbidden)
}

func TestAttachment(t *testing.T) {
	for name, want := range map[string]string{
		"naïve.ipynb": "naïve.ipynb", "a/b\\c": "a_b_c", "..": "files", "x\r\nSet-Cookie: a": "x Set-Cookie_ a", "a\u202egnp.exe": "agnp.exe", `"q"`: "_q_", "": "files",
	} {
		head := attachment(name, "")
		if _, params, err := mime.ParseMediaType(head); err != nil || params["filename"] != want || strings.ContainsAny(head, "\r\n") {
			t.Errorf("%q is saved as %q (%q), %v", name, params["filename"], head, err)
		}
	}
}
