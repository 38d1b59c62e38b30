package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

const (
	version       = "2.0.0"
	versionHeader = "X-Colab-Tray" // by which the program's settings tell that they are in force
	colabOrigin   = "https://colab.research.google.com"
)

// handler answers as Jupyter does.
func (s *server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, map[string]any{"version": version})
	})
	mux.HandleFunc("GET /api/status", s.guarded(s.status))
	mux.HandleFunc("GET /api/kernels", s.guarded(nothing))
	mux.HandleFunc("GET /api/sessions", s.guarded(nothing))
	mux.HandleFunc("GET /api/terminals", s.guarded(nothing))
	mux.HandleFunc("GET /api/contents/{path...}", s.guarded(s.read))
	mux.HandleFunc("PUT /api/contents/{path...}", s.guarded(s.write))
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "Not Found", http.StatusNotFound) })
	return s.allowColab(mux)
}

// guarded lets those alone through who have the token.
func (s *server) guarded(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		sent, is := strings.CutPrefix(r.Header.Get("Authorization"), "token ")
		if !is {
			sent = r.URL.Query().Get("token")
		}
		if sent != s.token {
			refuse(w, http.StatusForbidden)
			return
		}
		next(w, r)
	}
}

// allowColab does what the program's settings do, where they are there.
func (s *server) allowColab(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.ours {
			w.Header().Add("Vary", "Origin")
			if r.Header.Get("Origin") == colabOrigin {
				w.Header().Set("Access-Control-Allow-Origin", colabOrigin)
				w.Header().Set("Access-Control-Allow-Credentials", "true")
			}
		}
		next.ServeHTTP(w, r)
	})
}

func (s *server) status(w http.ResponseWriter, _ *http.Request) {
	if s.ours {
		w.Header().Set(versionHeader, "none")
	}
	const layout = "2006-01-02T15:04:05.000000Z"
	started := s.started.Format(layout)
	reply(w, http.StatusOK, map[string]any{"connections": 0, "kernels": 0, "last_activity": started, "started": started})
}

func nothing(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, []any{}) }

// read tells what is in a file.
func (s *server) read(w http.ResponseWriter, r *http.Request) {
	text, err := os.ReadFile(s.file(r))
	if err != nil {
		refuseFor(w, err)
		return
	}
	model := describe(r)
	model["content"], model["format"] = string(text), "text"
	reply(w, http.StatusOK, model)
}

// write writes a file.
func (s *server) write(w http.ResponseWriter, r *http.Request) {
	var model struct{ Content string }
	if err := json.NewDecoder(r.Body).Decode(&model); err != nil {
		refuse(w, http.StatusBadRequest)
		return
	}
	_, err := os.Stat(s.file(r))
	status := http.StatusOK
	if errors.Is(err, fs.ErrNotExist) {
		status = http.StatusCreated
	}
	if err := os.WriteFile(s.file(r), []byte(model.Content), 0o644); err != nil {
		refuseFor(w, err)
		return
	}
	reply(w, status, describe(r))
}

// file returns the path of the file that is asked for.
func (s *server) file(r *http.Request) string {
	return filepath.Join(s.root, path.Clean("/"+r.PathValue("path")))
}

func describe(r *http.Request) map[string]any {
	at := r.PathValue("path")
	return map[string]any{"name": path.Base(at), "path": at, "type": "file", "content": nil, "format": nil, "last_modified": time.Now().UTC()}
}

// refuseFor answers a request that an error of a file stands in the way of.
func refuseFor(w http.ResponseWriter, err error) {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		refuse(w, http.StatusNotFound)
	case errors.Is(err, fs.ErrPermission):
		refuse(w, http.StatusForbidden)
	default:
		refuse(w, http.StatusInternalServerError)
	}
}

func refuse(w http.ResponseWriter, status int) {
	reply(w, status, map[string]any{"message": http.StatusText(status), "reason": nil})
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
