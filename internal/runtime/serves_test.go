package runtime

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
)

// unsuitable are ways in which a server that was set up by hand does not suit
// Colab, and how that is called.
var unsuitable = []struct{ config, called string }{
	{`base_url = "/jupyter/"`, "serves under /jupyter/"},
	{`token = ""`, "lets everybody in"},
	{`password = "sha1:x:y"`, "a password and no token"},
	{`ip = "127.0.0.1"`, "listens inside its container only"},
	{`certfile = app.keyfile = "/home/jovyan/server.pem"`, "serves https"},
}

// TestUnsuitableServers: what is wrong with a server that was set up by hand is
// called by its name, soon after it is up.
func TestUnsuitableServers(t *testing.T) {
	realEngine(t)
	for name, image := range images {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, onDocker(t), image)
			name := r.profile.Runtime
			r.docker("run", "-d", "--name", name, "-v", name+"-data:/home/jovyan",
				"-p", fmt.Sprintf("127.0.0.1:%d:8888", r.profile.Port), r.profile.Image, "start-notebook.sh", "--port=8888")
			r.Open()
			configure := func(config string) {
				for app, file := range map[string]string{"c.NotebookApp": "notebook", "c.ServerApp": "server"} {
					r.put("/home/jovyan/.jupyter/jupyter_"+file+"_config.py", "app = "+app+"\napp.ip = '0.0.0.0'\n"+config+"\n")
				}
				r.docker("restart", "-t", "1", name)
			}
			r.put("/home/jovyan/server.pem", serverPEM(t))
			for _, u := range unsuitable {
				configure("app." + u.config)
				s := r.until(u.called, func(s Snapshot) bool { return s.Problem != nil && strings.Contains(s.Problem.Short, u.called) })
				if s.State != Unhealthy || !strings.Contains(s.Problem.Command, "rename") {
					t.Errorf("%s: %v, %+v", u.called, s.State, s.Problem)
				}
			}
			configure("")
			r.mustServe(r.untilState(Ready).URL)
		})
	}
}

// serverPEM returns a server's certificate and its key.
func serverPEM(t *testing.T) string {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	pair := server.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})) +
		string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]}))
}
