package runtime

import (
	"strings"
	"testing"

	"colabtray/internal/problem"
	"colabtray/test/testenv"
)

// TestImagesWithAnEntrypoint: what starts Jupyter in an image is started by our
// script all the same, or it is said why not.
func TestImagesWithAnEntrypoint(t *testing.T) {
	realEngine(t)
	for name, entrypoint := range map[string]string{
		"server":        `["jupyter-server","--no-browser"]`,
		"shell":         `exec jupyter-server --port=8889`,
		"takes options": `["/usr/local/bin/own","--flag"]`,
		"takes nothing": `["/usr/local/bin/own"]`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := onDocker(t)
			r := newRigOf(t, at, at.withEntrypoint(t, testenv.Server2, entrypoint)).Open()
			switch name {
			case "takes options":
				p := r.Problem(r.Start(t.Context()), problem.DiedStarting)
				if !strings.Contains(p.Hint, "ENTRYPOINT of its own (/usr/local/bin/own --flag)") {
					t.Errorf("the hint is %q", p.Hint)
				}
				return
			case "takes nothing":
				s := r.mustStart()
				if len(s.Warnings) == 0 || s.Warnings[0].Code != problem.NotInForce {
					t.Errorf("the warnings are %+v", s.Warnings)
				}
				return
			}
			s := r.mustStart()
			r.mustServe(s.URL)
			for _, w := range s.Warnings {
				if w.Code == problem.NotInForce {
					t.Error("our settings are not in force")
				}
			}
		})
	}
}

// withEntrypoint makes an image with an entrypoint of its own and no command, which
// goes with the test.
func (s site) withEntrypoint(t *testing.T, image, entrypoint string) string {
	t.Helper()
	const own = `printf '#!/bin/sh\n[ $# -eq 0 ] || [ "$1" != --flag ] || exit 2\nexec jupyter-server --ip=0.0.0.0\n' > /usr/local/bin/own
chmod +x /usr/local/bin/own`
	base, name := s.image(t, image), s.runtimeName(t)
	testenv.DockerAt(t, s.host, "run", "--name", name, "--network", "none", "--user", "0:0", "--entrypoint", "sh", base, "-ec", own)
	made := "localhost/" + name + ":1"
	testenv.DockerAt(t, s.host, "commit", "--change", "USER 1000:100", "--change", "ENTRYPOINT "+entrypoint, "--change", "CMD []", name, made)
	testenv.DockerAt(t, s.host, "rm", name)
	t.Cleanup(func() { testenv.DockerAt(t, s.host, "rmi", "--force", made) })
	return made
}
