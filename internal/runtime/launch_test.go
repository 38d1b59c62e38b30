package runtime

import (
	"slices"
	"strings"
	"testing"

	"colabtray/test/bed"
)

func TestLaunch(t *testing.T) {
	script := []string{"sh", "/opt/colab-tray/start.sh"}
	for entrypoint, want := range map[string]string{ // words parted by |
		"":                                       "",
		"tini|-g|--":                             "",
		"tini|-g|--|start.sh":                    "",
		"/usr/bin/dumb-init|--":                  "",
		"/opt/nvidia_entrypoint.sh":              "",
		"/bin/bash|/entrypoint.sh":               "",
		"jupyter-server|--ip=0":                  "sh|/opt/colab-tray/start.sh>jupyter-server|--ip=0|CMD",
		"/venv/bin/jupyter|lab":                  "sh|/opt/colab-tray/start.sh>/venv/bin/jupyter|lab|CMD",
		"tini|--|jupyter|lab":                    "tini|--|sh|/opt/colab-tray/start.sh>jupyter|lab|CMD",
		"start-notebook.sh":                      "sh|/opt/colab-tray/start.sh>start-notebook.sh|CMD",
		"tini|-g|--|start.sh|start-notebook.py":  "tini|-g|--|start.sh|sh|/opt/colab-tray/start.sh>start-notebook.py|CMD",
		"python3|-m|jupyterlab":                  "sh|/opt/colab-tray/start.sh>python3|-m|jupyterlab|CMD",
		"python3|-m|notebook":                    "sh|/opt/colab-tray/start.sh>python3|-m|notebook|CMD",
		"conda|run|-n|x|jupyter|lab":             "conda|run|-n|x|sh|/opt/colab-tray/start.sh>jupyter|lab|CMD",
		"/bin/sh|-c|jupyter lab --ip=0":          "sh|/opt/colab-tray/start.sh>/bin/sh|-c|jupyter lab --ip=0|CMD",
		"tini|--|/bin/bash|-lc|exec jupyter lab": "tini|--|sh|/opt/colab-tray/start.sh>/bin/bash|-lc|exec jupyter lab|CMD",
	} {
		var words []string
		if entrypoint != "" {
			words = strings.Split(entrypoint, "|")
		}
		for _, command := range [][]string{nil, {"jupyter", "lab"}} {
			spec := Spec{Cmd: slices.Concat(script, command)}
			usual := strings.Join(spec.Cmd, "|")
			spec.launch(words, []string{"CMD"}, script, command)
			before, after, changed := strings.Cut(want, ">")
			if command != nil {
				after = strings.Join(command, "|")
			}
			if !changed {
				before, after = "", usual
			}
			if gotBefore, gotAfter := strings.Join(spec.Entrypoint, "|"), strings.Join(spec.Cmd, "|"); gotBefore != before || gotAfter != after {
				t.Errorf("%s with %v: entrypoint %s, command %s", entrypoint, command, gotBefore, gotAfter)
			}
		}
	}
}

// TestImagesWithAnEntrypoint: what starts Jupyter in an image is started by our
// script all the same, or it is said why not.
func TestImagesWithAnEntrypoint(t *testing.T) {
	for name, entrypoint := range map[string]string{
		"server":        `["jupyter-server","--no-browser"]`,
		"shell":         `exec jupyter-server --port=8889`,
		"takes options": `["/usr/local/bin/own","--flag"]`,
		"takes nothing": `["/usr/local/bin/own"]`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := onDocker(t)
			r := newRigOf(t, at, at.withEntrypoint(t, bed.Server2, entrypoint)).open()
			switch name {
			case "takes options":
				p := r.problem(r.Start(t.Context()), CodeDiedStarting)
				if !strings.Contains(p.Hint, "ENTRYPOINT of its own (/usr/local/bin/own --flag)") {
					t.Errorf("the hint is %q", p.Hint)
				}
				return
			case "takes nothing":
				s := r.mustStart()
				if len(s.Warnings) == 0 || s.Warnings[0].Code != CodeNotInForce {
					t.Errorf("the warnings are %+v", s.Warnings)
				}
				return
			}
			s := r.mustStart()
			r.works(s.URL)
			for _, w := range s.Warnings {
				if w.Code == CodeNotInForce {
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
	bed.DockerAt(t, s.host, "run", "--name", name, "--network", "none", "--user", "0:0", "--entrypoint", "sh", base, "-ec", own)
	made := "localhost/" + name + ":1"
	bed.DockerAt(t, s.host, "commit", "--change", "USER 1000:100", "--change", "ENTRYPOINT "+entrypoint, "--change", "CMD []", name, made)
	bed.DockerAt(t, s.host, "rm", name)
	t.Cleanup(func() { bed.DockerAt(t, s.host, "rmi", "--force", made) })
	return made
}
