package jupyter

import (
	"archive/tar"
	"bytes"
	"context"
	"io"
	"testing"
	"time"

	"colabtray/internal/engine"
	"colabtray/internal/secret"
)

// TestInfoFile reads the info files that the two kinds of server write.
func TestInfoFile(t *testing.T) {
	written := time.Unix(5, 0)
	for text, want := range map[string]InfoFile{
		`{"base_url": "/", "hostname": "0.0.0.0", "notebook_dir": "/home/jovyan", "password": false, "pid": 7,
		  "port": 8888, "secure": false, "sock": "", "token": "abc", "url": "http://c:8888/"}`: {
			token: secret.New("abc"), base: "/", root: "/home/jovyan", port: 8888, written: written,
		},
		`{"base_url": "/jupyter/", "hostname": "0.0.0.0", "password": true, "pid": 6, "port": 8888,
		  "root_dir": "/workspace", "secure": true, "sock": "", "token": "", "url": "https://c:8888/jupyter/", "version": "2.15.0"}`: {
			base: "/jupyter/", secure: true, password: true, root: "/workspace", port: 8888, written: written,
		},
	} {
		if got, err := parseInfoFile([]byte(text), written); err != nil || got != want {
			t.Errorf("got %+v (%v), want %+v", got, err, want)
		}
	}
	for _, text := range []string{"", `{"token": "ab`, `{"token": 5}`, `[]`} {
		if got, err := parseInfoFile([]byte(text), written); err == nil {
			t.Errorf("%q is taken for %+v", text, got)
		}
	}
}

// oneFile is an engine whose containers have one info file.
type oneFile struct {
	engine.Engine
	written time.Time
}

func (o oneFile) Get(_ context.Context, _, dir string) (io.ReadCloser, error) {
	if dir != "/home/jovyan/.local/share/jupyter/runtime" {
		return nil, engine.ErrNotFound
	}
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	const content = `{"token": "abc", "port": 8888, "base_url": "/"}`
	if err := w.WriteHeader(&tar.Header{Name: "runtime/jpserver-7.json", Mode: 0o600, Size: int64(len(content)), ModTime: o.written}); err != nil {
		return nil, err
	}
	if _, err := io.WriteString(w, content); err != nil {
		return nil, err
	}
	return io.NopCloser(&archive), w.Close()
}

// TestInfoFilesOfTheRun: a file counts from the end of the run before, or from when the
// container was made. On a busy machine an engine records the start seconds later.
func TestInfoFilesOfTheRun(t *testing.T) {
	made := time.Date(2026, 1, 2, 3, 4, 5, 600, time.UTC)
	first := engine.Container{Exists: true, Running: true, ID: "c", Env: []string{"HOME=/home/jovyan"}, MadeAt: made, StartedAt: made.Add(7 * time.Second)}
	second := first
	second.EndedAt, second.StartedAt = made.Add(time.Hour), made.Add(time.Hour+9*time.Second)
	for name, c := range map[string]struct {
		container engine.Container
		written   time.Time
		counts    bool
	}{
		"of the first run":                          {first, made.Add(time.Second), true},
		"of the first run, once its start is known": {first, made.Add(10 * time.Second), true},
		"of another container":                      {first, made.Add(-time.Minute), false},
		"of the second run":                         {second, made.Add(time.Hour + time.Second), true},
		"of the run before":                         {second, made.Add(time.Second), false},
	} {
		files, err := InfoFiles(t.Context(), oneFile{written: c.written.Truncate(time.Second)}, c.container)
		if err != nil || (len(files) == 1) != c.counts {
			t.Errorf("%s: %d files count, %v", name, len(files), err)
		}
	}
}
