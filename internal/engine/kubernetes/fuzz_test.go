package kubernetes

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"colabtray/internal/problem"
)

// FuzzPod reads any pod, and any record, which others who may write to the namespace can
// change. Where they can be understood, what runs has not ended, ports are ports, and the
// cluster's words are bounded.
func FuzzPod(f *testing.F) {
	const record = `{"innerPort": 8888, "ports": [8888, 9000], "mounts": ["/home/jovyan"], "env": ["A=b"]}`
	for _, name := range []string{"no-gpu", "running", "oom", "image-backoff"} {
		text, err := os.ReadFile(filepath.Join("testdata", "pods", name+".json"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, record, `{"pod": "1", "stopping": true, "ended": "2026-01-02T03:04:05Z", "exitCode": 1}`)
	}
	f.Add([]byte("null"), `{"innerPort": -1, "ports": [0, 65536]}`, `{"pod": "1", "said": "a\u001b[2J\nb", "cause": "none"}`)
	f.Fuzz(func(t *testing.T, text []byte, record, run string) {
		var p *pod
		if json.Unmarshal(text, &p) != nil {
			return
		}
		c, err := containerOf(configMap{Data: map[string]string{recordKey: record, podKey: `{"spec":{"containers":[{}]}}`, runKey: run}}, nil, p)
		if err != nil {
			return
		}
		if p != nil && c.Running && c.Waiting == nil && c.ExitCode != 0 || c.Waiting != nil && !c.Running {
			t.Errorf("the container is %+v", c)
		}
		for inner, port := range c.Ports {
			if inner < 1 || inner > 65535 || port != inner {
				t.Errorf("of %q it has the port %d at %d", record, inner, port)
			}
		}
		mustBeWords(t, c.CauseSaid)
		if c.Waiting != nil {
			mustBeWords(t, c.Waiting.Said)
		}
	})
}

// FuzzSaid has a cluster, or what stands in between, answer anything, and kubectl write
// anything. What a person is told of it is printable and bounded, a command that it names
// is one, and nothing is read without an end.
func FuzzSaid(f *testing.F) {
	for code, text := range map[int]string{
		403: `{"kind": "Status", "reason": "Forbidden", "message": "pods is forbidden: User \"ada\" cannot create resource \"pods\" in API group \"\""}`,
		404: `{"kind": "Status", "reason": "NotFound", "details": {"kind": "namespaces"}, "message": "namespaces \"team\" not found"}`,
		422: `{"kind": "Status", "reason": "Invalid", "message": "Pod \"a\u001b[2J\" is invalid:\n spec"}`,
		500: "getting credentials: exec: executable gke-gcloud-auth-plugin failed with exit code 1",
		502: "<html>\xff\x1b]0;title\a\u202e",
		401: `E0102 03:04:05.000000    1 memcache.go:265] "Unhandled Error"` + "\nerror: You must be logged in to the server (Unauthorized)",
		200: `{"type": "ADDED", "object": {"metadata": {"resourceVersion": "1"}}}{"type": "ERROR", "object": {"code": 410, "reason": "Expired"}}`,
		201: factsHead + "\n1000\n100\n/home/jovyan\n/home/../work\n1000\n\nx86_64\n",
		202: `{"clientVersion": {"major": "1", "minor": "30+"}, "current-context": "a", "contexts": [{"name": "a", "context": {"namespace": "b"}}]}`,
	} {
		f.Add(uint16(code), []byte(text))
	}
	f.Add(uint16(403), []byte(`{"kind": "Status", "message": "ada cannot `+strings.Repeat("a", 3*maxWords)+` resource \"pods\""}`))
	f.Add(uint16(500), []byte(strings.Repeat("a\xff", maxWords)))
	e := Open("kubernetes://gpu/team", nil)
	f.Fuzz(func(t *testing.T, code uint16, text []byte) {
		said := string(text)
		for _, err := range []error{
			failureOf(&http.Response{StatusCode: int(code), Status: said, Body: io.NopCloser(bytes.NewReader(text))}),
			&toolError{1, lastWords(said)},
			&wayError{said},
			imageError(words(said)),
		} {
			var p *problem.Problem
			if err := e.failure(err); err == nil {
				t.Errorf("%d %q is no failure", code, said)
			} else if errors.As(err, &p) {
				mustBeWords(t, p.Short)
				mustBeWords(t, p.Hint)
				if strings.ContainsAny(p.Command, "$`;&|<>\"\n") {
					t.Errorf("%d %q wants %q run", code, said, p.Command)
				}
			}
		}

		w, version := &watch{changed: func(_ string, o json.RawMessage) {
			if !json.Valid(o) {
				t.Errorf("of %q came %q", said, o)
			}
		}}, "0"
		if err := w.events(bytes.NewReader(text), &version); err == nil || version == "" {
			t.Errorf("the watch of %q ends with %v, at the version %q", said, err, version)
		}

		if facts, err := factsOf("i", said, said); err == nil {
			if config := facts.config(); !strings.HasPrefix(config.WorkDir, "/") || strings.Contains(config.WorkDir+"/", "/../") {
				t.Errorf("of %q containers begin with %+v", said, config)
			}
		}
		if c, err := clusterOf(text, ""); err == nil && (c.Context == "" || c.Namespace == "" || strings.ContainsAny(c.Namespace, "/?#%")) {
			t.Errorf("of %q the cluster is %+v", said, c)
		}
		_, _, _ = versionOf(text)
		if rest := withoutVerdict(said); !strings.HasPrefix(said, rest) {
			t.Errorf("%q has become %q", said, rest)
		}
	})
}

// mustBeWords asserts that a text is fit to be shown.
func mustBeWords(t *testing.T, text string) {
	t.Helper()
	if i := strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) && r != '\u00a0' && r != '\u202f' }); i >= 0 || len(text) > 2*maxWords {
		t.Errorf("%d bytes are to be shown: %q", len(text), text)
	}
}
