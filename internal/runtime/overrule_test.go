package runtime

import (
	"strings"
	"testing"

	"colabtray/internal/config"
	"colabtray/internal/problem"
	"colabtray/internal/secret"
)

// unusable is a person's configuration of Jupyter with which Colab cannot use the
// server: each line alone is enough.
const unusable = `
for app in (c.ServerApp, c.NotebookApp):
    app.base_url = "/jupyter/"
    app.certfile = app.keyfile = "/none.pem"
    app.token = ""
c.IdentityProvider.token = c.PasswordIdentityProvider.token = ""
`

// password is what setting a password writes, which counts for more.
const password = `{"NotebookApp": {"password": "argon2:x"}, "ServerApp": {"password": "argon2:x"},
"IdentityProvider": {"hashed_password": "argon2:x"}, "PasswordIdentityProvider": {"hashed_password": "argon2:x"}}`

// TestPersonsConfigurationIsOverruled: whatever lies in the data and whatever
// the command line says, Colab can use the runtime, and the person is told.
func TestPersonsConfigurationIsOverruled(t *testing.T) {
	for name, image := range images {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, onDocker(t), image).Open()
			r.profile.Env = []config.Variable{{Name: "NOTEBOOK_ARGS", Value: secret.New("--port=9999 --ip=127.0.0.1")}}
			r.SetProfile(r.profile)
			r.mustStart()
			r.overruled("ip", "port")

			for _, app := range []string{"notebook", "server"} {
				r.put("/home/jovyan/.jupyter/jupyter_"+app+"_config.py", unusable)
				r.put("/home/jovyan/.jupyter/jupyter_"+app+"_config.json", password)
			}
			r.mustServe(r.must(r.Restart).URL)
			r.overruled("base_url", "certfile", "keyfile", "ip", "port", "token")
			if log := r.docker("logs", r.profile.Runtime); !strings.Contains(log, "Colab Tray: overruled in Jupyter's configuration") {
				t.Errorf("the log does not tell:\n%s", log)
			}

			r.docker("exec", r.profile.Runtime, "rm", "-r", "/home/jovyan/.jupyter")
			r.put("/home/jovyan/token", "of-a-file\n")
			r.profile.Env = []config.Variable{{Name: "JUPYTER_TOKEN_FILE", Value: secret.New("/home/jovyan/token")}}
			r.SetProfile(r.profile)
			s := r.must(r.Restart)
			if r.mustServe(s.URL); s.URL.Token().Reveal() != "of-a-file" {
				t.Error("the token of the file is not used")
			}
			r.overruled()

			r.put("/home/jovyan/token", "schlüssel")
			s = r.must(r.Restart)
			r.mustServe(s.URL)
			r.overruled("token")
		})
	}
}

// write writes a file in the container, as its user.
func (r *rig) put(path, content string) {
	r.t.Helper()
	r.docker("exec", r.profile.Runtime, "sh", "-c", `mkdir -p "${1%/*}" && printf %s "$2" > "$1"`, "sh", path, content)
}

// overruled fails the test unless the person is told of these settings, and no
// others.
func (r *rig) overruled(names ...string) {
	r.t.Helper()
	var got string
	for _, w := range r.Snapshot().Warnings {
		if w.Code == problem.Overruled {
			_, got, _ = strings.Cut(w.Short, ": ")
		}
	}
	if want := strings.Join(names, ", "); got != want {
		r.t.Errorf("told of %q, want %q", got, want)
	}
}
