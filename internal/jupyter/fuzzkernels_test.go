package jupyter

import (
	"encoding/json"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"colabtray/internal/secret"
)

// FuzzKernels reads any answers of a server about its kernels and sessions. What can
// be understood is told, each kernel with an ID that can stand in a path, a state in
// our words, a name that can be shown, and a use that is not in the future.
func FuzzKernels(f *testing.F) {
	f.Add(`[{"id": "a", "execution_state": "idle", "last_activity": "2026-01-02T03:04:05Z"}]`, `[{"path": "a.ipynb", "kernel": {"id": "a"}}]`, "Fri, 02 Jan 2026 03:04:05 GMT")
	f.Add(`[{"id": "../x"}, {"id": ""}, {"id": "a"}, {"id": "a"}]`, `[{"name": "\u001b[31m\u202e\n", "kernel": {"id": "a"}}]`, "")
	f.Add(`null`, `[{"notebook": {"path": "`+strings.Repeat("ü", 300)+`"}}]`, "Fri, 02 Jan 2126 03:04:05 GMT")
	f.Add(`[{"id": "a", "last_activity": "9999-01-02T03:04:05Z"}, {"id": 7}]`, ``, "x")
	var mu sync.Mutex
	var kernels, sessions, date string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		w.Header()["Date"] = nil
		if date != "" {
			w.Header()["Date"] = []string{strings.Map(func(r rune) rune {
				if r < ' ' || r > '~' {
					return -1
				}
				return r
			}, date)}
		}
		if r.URL.Path == "/api/kernels" {
			_, _ = io.WriteString(w, kernels)
		} else {
			_, _ = io.WriteString(w, sessions)
		}
	}))
	f.Cleanup(server.Close)
	u := NewBackendURL(server.Listener.Addr().(*net.TCPAddr).Port, secret.New("secret"))
	f.Fuzz(func(t *testing.T, saysKernels, saysSessions, saysDate string) {
		mu.Lock()
		kernels, sessions, date = saysKernels, saysSessions, saysDate
		mu.Unlock()
		all, err := Kernels(t.Context(), u)
		var want []kernelJSON
		understood := json.Unmarshal([]byte(saysKernels), &want) == nil && json.Unmarshal([]byte(saysSessions), new([]sessionJSON)) == nil
		if understood && err != nil && len(saysKernels) < maxActivity && len(saysSessions) < maxActivity {
			t.Errorf("%q and %q: %v", saysKernels, saysSessions, err)
		}
		if err != nil {
			return
		}
		var ids, valid []string
		for _, k := range all {
			ids = append(ids, k.ID)
			switch {
			case !kernelID().MatchString(k.ID):
				t.Errorf("a kernel has the ID %q", k.ID)
			case !slices.Contains([]string{"idle", "busy", "starting", "dead", "unknown"}, k.State):
				t.Errorf("a kernel is %q", k.State)
			case utf8.RuneCountInString(k.Notebook) > maxNotebookName || strings.ContainsFunc(k.Notebook, unicode.IsControl):
				t.Errorf("a notebook is shown as %q", k.Notebook)
			case k.LastActivity.After(time.Now().Add(time.Second)):
				t.Errorf("a kernel worked at %v", k.LastActivity)
			}
		}
		for _, k := range want {
			if kernelID().MatchString(k.ID) {
				valid = append(valid, k.ID)
			}
		}
		slices.Sort(ids)
		slices.Sort(valid)
		if len(ids) > maxKernels || understood && len(valid) <= maxKernels && !slices.Equal(ids, valid) {
			t.Errorf("of %q the kernels are %q", saysKernels, ids)
		}
	})
}

// FuzzKernelUsages reads anything as what the script in the container printed. It tells
// only of kernels that were asked for, and only what can be compared.
func FuzzKernelUsages(f *testing.F) {
	f.Add("a 1 0.5\nb 9223372036854775807 1e3\n")
	f.Add("a 1 NaN\n")
	f.Add("a -1 0\n")
	f.Add("c 1 1\n")
	f.Add("a 1 -Inf\na 1 +Inf")
	f.Fuzz(func(t *testing.T, text string) {
		asked := []string{"a", "b"}
		all, ok := parseKernelUsages(text, asked)
		if !ok && len(all) > 0 {
			t.Errorf("%q is not understood, and tells of %v", text, all)
		}
		for id, usage := range all {
			if !slices.Contains(asked, id) || usage.Memory > math.MaxInt64 || math.IsNaN(usage.seconds) || math.IsInf(usage.seconds, 0) || usage.seconds < 0 {
				t.Errorf("%q tells of %q %+v", text, id, usage)
			}
		}
	})
}
