package main

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"colabtray/test/testenv"
)

// TestFolderFlag: folders by flag are seen and written through Jupyter, and stay for
// the next start without the flag. What opens too much is asked about.
func TestFolderFlag(t *testing.T) {
	engines(t)
	c := newTerminal(t, testenv.Image(t, testenv.Server2))
	file := c.settings("# mine\n")
	data, only := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "only")
	for _, dir := range []string{data, only} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(dir, 1000, 100); err != nil { // the user of the image
			t.Skip("it needs the rights of root: ", err)
		}
		if err := os.WriteFile(filepath.Join(dir, "seen.txt"), []byte("of this computer"), 0o644); err != nil {
			t.Fatal(err)
		}
	}

	_, errs := c.run(2, "start", "--folder", "/")
	has(t, errs, "whole disk", "--yes")
	_, errs = c.run(2, "start", "--folder", data+"/none")
	has(t, errs, "there is no folder")
	code, message := c.answer("n\n", "start", "--folder", c.get("HOME")+":ro")
	if code != 1 || !strings.Contains(message, "home directory") {
		t.Errorf("%d: %s", code, message)
	}
	if text := c.read(file); text != "# mine\n" {
		t.Errorf("the settings are\n%s", text)
	}

	url, errs := c.run(0, "start", "--folder", data, "--folder", only+":ro")
	has(t, errs, data, only, file)
	has(t, c.read(file), "# mine\n", data, only, "read_only = true")
	url = strings.TrimSpace(url)
	if got := c.contents(http.MethodGet, url, "data/seen.txt", ""); !strings.Contains(got, "of this computer") {
		t.Errorf("Jupyter shows %s", got)
	}
	c.contents(http.MethodPut, url, "data/written.txt", `{"type": "file", "format": "text", "content": "of Jupyter"}`)
	if got := c.read(filepath.Join(data, "written.txt")); got != "of Jupyter" {
		t.Errorf("Jupyter wrote %q", got)
	}
	c.contents(http.MethodPut, url, "only/written.txt", `{"type": "file", "format": "text", "content": "of Jupyter"}`)
	if _, err := os.Stat(filepath.Join(only, "written.txt")); err == nil {
		t.Error("Jupyter wrote into what it may only read")
	}

	c.docker("exec", c.get("COLAB_TRAY_NAME"), "sh", "-c", "mkdir ~/mine && touch ~/mine/notebook")
	mine := filepath.Join(filepath.Dir(data), "mine")
	if err := os.Mkdir(mine, 0o755); err != nil {
		t.Fatal(err)
	}
	_, errs = c.run(2, "restart", "--folder", mine)
	has(t, errs, "has files at /home/jovyan/mine")

	more := filepath.Join(filepath.Dir(data), "more")
	if err := os.Mkdir(more, 0o755); err != nil {
		t.Fatal(err)
	}
	_, errs = c.run(0, "start", "--folder", more+":ro")
	has(t, errs, more, "colab-tray restart")
	url, _ = c.run(0, "restart")
	if got := c.contents(http.MethodGet, strings.TrimSpace(url), "more", ""); !strings.Contains(got, "directory") {
		t.Errorf("after a restart Jupyter shows %s", got)
	}

	before := c.docker("inspect", "--format", "{{.Id}}", c.get("COLAB_TRAY_NAME"))
	c.run(0, "start")
	c.run(0, "restart")
	if after := c.docker("inspect", "--format", "{{.Id}}", c.get("COLAB_TRAY_NAME")); after != before {
		t.Error("without the flag the container is another one")
	}
}

// read returns the text of a file.
func (c *terminal) read(file string) string {
	c.t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		c.t.Error(err)
	}
	return string(text)
}

// contents sends a request about a file to the Jupyter with a Backend URL.
func (c *terminal) contents(method, backend, file, body string) string {
	c.t.Helper()
	at := strings.Replace(backend, "/?", "/api/contents/"+file+"?", 1)
	request, err := http.NewRequestWithContext(c.t.Context(), method, at, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		c.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return string(text)
}
