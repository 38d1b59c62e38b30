package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"colabtray/internal/colab"
	"colabtray/internal/config"
	"colabtray/internal/engine/docker"
	"colabtray/internal/jupyter"
	"colabtray/test/testenv"
)

// TestStandsInForJupyter holds the stand-in equal to both real servers, with the
// program's settings and without: it is asked what they are asked, and answers alike.
func TestStandsInForJupyter(t *testing.T) {
	testenv.Takes(t, "Jupyter has to start")
	for name, start := range map[string]func(t *testing.T, image string) *container{
		"with our settings": func(t *testing.T, image string) *container {
			return newContainer(t, image, true, colab.StartCommand()...)
		},
		"by hand": func(t *testing.T, image string) *container {
			return newContainer(t, image, false, "start-notebook.sh", "--port=8888")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			told := map[string]string{}
			var mu sync.Mutex
			t.Run("each", func(t *testing.T) {
				for _, image := range []string{testenv.FakeJupyter, testenv.Server2, testenv.Notebook6} {
					t.Run(image, func(t *testing.T) {
						t.Parallel()
						text := start(t, image).describe()
						mu.Lock()
						told[image] = text
						mu.Unlock()
					})
				}
			})
			for _, image := range []string{testenv.Server2, testenv.Notebook6} {
				if told[image] != told[testenv.FakeJupyter] {
					t.Errorf("the stand-in is described as\n%s\nand %s as\n%s", told[testenv.FakeJupyter], image, told[image])
				}
			}
			if !strings.Contains(told[testenv.Server2], "GET /api/status right: 200") {
				t.Errorf("the real server is described as\n%s", told[testenv.Server2])
			}
		})
	}
}

// container is a server in a container.
type container struct {
	t     *testing.T
	name  string
	port  int
	token string
	ours  bool // our settings are in it
}

// newContainer starts a server and waits until it answers.
func newContainer(t *testing.T, image string, ours bool, command ...string) *container {
	t.Helper()
	c := &container{t: t, name: testenv.RuntimeName(t), port: testenv.FreePort(t), ours: ours}
	testenv.Docker(t, append([]string{
		"create", "--name", c.name, "--hostname", c.name, "--publish", fmt.Sprintf("127.0.0.1:%d:8888", c.port),
		"--volume", c.name + "-data:/home/jovyan", testenv.Image(t, image),
	}, command...)...)
	if ours {
		dir := t.TempDir()
		if err := os.CopyFS(dir, colab.ServerFiles(config.Default())); err != nil {
			t.Fatal(err)
		}
		testenv.Docker(t, "cp", "--quiet", dir+"/.", c.name+":/")
	}
	testenv.Docker(t, "start", c.name)
	testenv.WaitFor(t, "a server in "+c.name, func() error {
		found := regexp.MustCompile(`token=([0-9a-f]{48})\s`).FindStringSubmatch(c.output())
		if found == nil {
			return fmt.Errorf("it printed %s", c.output())
		}
		c.token = found[1]
		_, err := http.Get(c.address("/api"))
		return err
	})
	return c
}

func (c *container) address(path string) string {
	return fmt.Sprintf("http://127.0.0.1:%d%s", c.port, path)
}

// output returns what the container printed, in both streams.
func (c *container) output() string {
	out, err := exec.Command("docker", "--host", testenv.Engine(c.t), "logs", c.name).CombinedOutput()
	if err != nil {
		c.t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

// describe tells all of a server that tests may count on, and stops it.
func (c *container) describe() string {
	c.t.Helper()
	var text strings.Builder
	tell := func(format string, args ...any) { fmt.Fprintf(&text, format+"\n", args...) }

	tell("GET /api: %s", c.ask("GET", "/api", "", "", "version"))
	for _, path := range []string{"/api/status", "/api/kernels", "/api/sessions", "/api/terminals", "/api/contents/none", "/api/none"} {
		tell("GET %s right: %s", path, c.ask("GET", path, "token "+c.token, "", ""))
	}
	for _, path := range []string{"/api/status", "/api/kernels", "/api/contents/none"} {
		tell("GET %s without: %s", path, c.ask("GET", path, "", "", ""))
		tell("GET %s wrong: %s", path, c.ask("GET", path, "token wrong", "", ""))
		tell("GET %s in the query: %s", path, c.ask("GET", path+"?token="+c.token, "", "", ""))
	}
	file := `{"type": "file", "format": "text", "content": "precious"}`
	tell("PUT a file without: %s", c.ask("PUT", "/api/contents/a.txt", "", file, ""))
	for range 2 {
		tell("PUT a file: %s", c.ask("PUT", "/api/contents/a.txt", "token "+c.token, file, "name"))
	}
	for _, field := range []string{"content", "format", "type", "path"} {
		tell("GET the file: %s", c.ask("GET", "/api/contents/a.txt?type=file&format=text", "token "+c.token, "", field))
	}

	tell("files: %s", testenv.Docker(c.t, "exec", c.name, "sh", "-c", "cat a.txt; echo; ls; id -u; stat -c '%a %u' a.txt .local/share/jupyter/runtime"))
	tell("info files: %s", c.info())
	urls := regexp.MustCompile(`http://[^\s/?]+:8888/\?token=\S+`).FindAllString(c.output(), -1)
	slices.Sort(urls)
	tell("announced: %s", slices.Compact(urls))
	testenv.Docker(c.t, "stop", c.name)
	tell("stopped: %s", testenv.Docker(c.t, "inspect", "--format", "{{.State.ExitCode}}", c.name))
	tell("info files left: %s", testenv.RunInVolume(c.t, testenv.Engine(c.t), c.name+"-data", "ls .local/share/jupyter/runtime | grep -c server-.*[0-9].json || :"))
	return strings.NewReplacer(c.token, "TOKEN", c.name, "NAME").Replace(text.String())
}

// ask sends a request, as Colab's page where that is let in, and tells the answer: the status, the
// headers that matter, and a list or a field of the body.
func (c *container) ask(method, path, authorization, body, field string) string {
	c.t.Helper()
	request, err := http.NewRequestWithContext(c.t.Context(), method, c.address(path), strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	request.Close = true
	if c.ours { // else both real servers refuse it, each in its way
		request.Header.Set("Origin", colabOrigin)
	}
	if authorization != "" {
		request.Header.Set("Authorization", authorization)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	told := fmt.Sprintf("%d, in force %q, allowed %q", response.StatusCode, response.Header.Get("X-Colab-Tray"), response.Header.Get("Access-Control-Allow-Origin"))
	var list []any
	var object map[string]any
	switch {
	case json.Unmarshal(text, &list) == nil:
		told += fmt.Sprint(", ", list)
	case json.Unmarshal(text, &object) != nil || field == "":
	case field == "version":
		told += fmt.Sprint(", with a version: ", object[field] != nil)
	default:
		told += fmt.Sprint(", ", object[field])
	}
	return told
}

// info tells what the program finds in the server's info file.
func (c *container) info() string {
	c.t.Helper()
	e, err := docker.New(testenv.Engine(c.t))
	if err != nil {
		c.t.Fatal(err)
	}
	defer e.Close()
	if _, err := e.Connect(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
	made, err := e.Inspect(c.t.Context(), c.name)
	if err != nil {
		c.t.Fatal(err)
	}
	files, err := jupyter.InfoFiles(c.t.Context(), e, made)
	if err != nil {
		c.t.Fatal(err)
	}
	var tokens []string
	for _, token := range jupyter.InfoFileTokens(files) {
		tokens = append(tokens, token.Reveal())
	}
	return fmt.Sprint(len(files), jupyter.ServerRoot(files), tokens)
}
