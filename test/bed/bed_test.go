package bed_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"colabtray/test/bed"
)

func TestImagesAnswer(t *testing.T) {
	for _, test := range []struct{ image, version string }{
		{bed.Notebook6, `"6.4.`},
		{bed.Server2, `"2.`},
	} {
		t.Run(test.image, func(t *testing.T) {
			t.Parallel()
			name, port := bed.RuntimeName(t), bed.FreePort(t)
			bed.Docker(t, "run", "--detach", "--name", name, "--volume", name+"-data:/home/jovyan",
				"--publish", fmt.Sprintf("127.0.0.1:%d:8888", port), bed.Image(t, test.image))
			wantJupyter(t, port, test.version)
			if got := bed.Docker(t, "exec", name, "sh", "-c", "id -u; id -g; pwd; touch file && echo writable"); got != "1000\n100\n/home/jovyan\nwritable" {
				t.Errorf("the container is not like one of docker-stacks: %q", got)
			}
		})
	}
}

func TestPrivateEngine(t *testing.T) {
	e := bed.PrivateEngine(t)
	image, port := e.Load(t, bed.Server2), bed.FreePort(t)
	e.Docker(t, "run", "--detach", "--name", "jupyter", "--publish", fmt.Sprintf("127.0.0.1:%d:8888", port), image)
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
	bed.WaitFor(t, "Jupyter", func() (err error) {
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
