package jupyter

import (
	"testing"
	"time"

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
