package testenv_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"colabtray/test/testenv"
)

func TestImagesAnswer(t *testing.T) {
	t.Parallel()
	testenv.Takes(t, "Jupyter has to start")
	for _, test := range []struct{ image, version string }{
		{testenv.Notebook6, `"6.4.`},
		{testenv.Server2, `"2.`},
		{testenv.FakeJupyter, `"2.`},
	} {
		t.Run(test.image, func(t *testing.T) {
			t.Parallel()
			name, port := testenv.RuntimeName(t), testenv.FreePort(t)
			testenv.Docker(t, "run", "--detach", "--name", name, "--volume", name+"-data:/home/jovyan",
				"--publish", fmt.Sprintf("127.0.0.1:%d:8888", port), testenv.Image(t, test.image))
			wantJupyter(t, port, test.version)
			if got := testenv.Docker(t, "exec", name, "sh", "-c", "id -u; id -g; pwd; touch file && echo writable"); got != "1000\n100\n/home/jovyan\nwritable" {
				t.Errorf("the container is not like one of docker-stacks: %q", got)
			}
		})
	}
}

func TestPrivateEngine(t *testing.T) {
	t.Parallel()
	testenv.Takes(t, "an engine has to start")
	e := testenv.PrivateEngine(t)
	image, port := e.Load(t, testenv.FakeJupyter), testenv.FreePort(t)
	e.Docker(t, "run", "--detach", "--name", "jupyter", "--stop-timeout", "1", "--publish", fmt.Sprintf("127.0.0.1:%d:8888", port), image)
	wantJupyter(t, port, `"2.`)

	e.Stop(t)
	if _, err := askJupyter(port); err == nil {
		t.Error("Jupyter answers although the engine is stopped")
	}

	e.Start(t)
	if got := e.Docker(t, "container", "inspect", "--format", "{{.State.Status}}", "jupyter"); got != "exited" {
		t.Errorf("after the engine was stopped and started the container is %s, want exited", got)
	}
	e.Docker(t, "start", "jupyter")
	wantJupyter(t, port, `"2.`)
}

func wantJupyter(t *testing.T, port int, version string) {
	t.Helper()
	var got string
	testenv.WaitFor(t, "Jupyter", func() (err error) {
		got, err = askJupyter(port)
		return err
	})
	if !strings.Contains(got, version) {
		t.Errorf("Jupyter says %s, want version %s", got, version)
	}
}

func askJupyter(port int) (string, error) {
	resp, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/api", port))
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}
