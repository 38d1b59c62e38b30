package memory

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"strings"

	"colabtray/internal/engine"
)

// Jupyter returns an image whose containers serve at port 8888 what the program asks of
// a Jupyter server. They exit with code 0 when asked to end. The image has no shell: a
// helper made from it can read a volume, but not run scripts.
func Jupyter() Image {
	return Image{
		Config: engine.ImageConfig{
			User: "1000:100", WorkDir: "/home/jovyan", Env: []string{"HOME=/home/jovyan"}, Cmd: []string{"start-notebook.sh"},
		},
		Files:    map[string]string{"/etc/passwd": "jovyan:x:1000:100::/home/jovyan:/bin/sh\n", "/home/jovyan/brought.txt": "brought\n"},
		Commands: map[string]func(*Process) int{"sh": serveJupyter, "start-notebook.sh": serveJupyter},
	}
}

func serveJupyter(p *Process) int {
	if len(p.Args) > 1 && p.Args[1] == "-c" {
		fmt.Fprintln(p.Err, "there is no shell")
		return 127
	}
	token := p.Getenv("JUPYTER_TOKEN")
	if token == "" {
		token = strings.ToLower(rand.Text())
	}
	listener, err := p.Listen(8888)
	if err != nil {
		fmt.Fprintln(p.Err, err)
		return 1
	}
	server := &http.Server{Handler: jupyterAPI(token)}
	served := make(chan struct{})
	go func() {
		_ = server.Serve(listener)
		close(served)
	}()
	fmt.Fprintf(p.Out, "[I 2026-01-01 00:00:00.000 ServerApp] http://%s:8888/?token=%s\n", p.Hostname, token)
	code := 0
	select {
	case <-p.Term:
		_ = server.Shutdown(context.Background())
	case <-served: // the listener was closed
		code = 1
	}
	_ = server.Close()
	return code
}

// jupyterAPI answers as Jupyter does with the settings of this program in force.
func jupyterAPI(token string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"version": "2.0.0"}`) })
	for path, body := range map[string]string{"/api/status": `{"kernels": 0}`, "/api/kernels": "[]", "/api/terminals": "[]"} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "token "+token && r.FormValue("token") != token {
				http.Error(w, "Forbidden", http.StatusForbidden)
				return
			}
			w.Header().Set("X-Colab-Tray", "1")
			_, _ = io.WriteString(w, body)
		})
	}
	return mux
}
