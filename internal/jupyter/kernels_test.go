package jupyter

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"colabtray/internal/engine"
	"colabtray/internal/gpu"
	"colabtray/internal/secret"
)

// kernelServer serves these kernels and sessions, and notes what was shut down.
func kernelServer(t *testing.T, kernels, sessions string) (u BackendURL, gone *[]string) {
	t.Helper()
	gone = new([]string)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/kernels", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, kernels) })
	mux.HandleFunc("GET /api/sessions", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, sessions) })
	mux.HandleFunc("DELETE /api/kernels/{id}", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "token secret" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		*gone = append(*gone, r.PathValue("id"))
		w.WriteHeader(http.StatusNoContent)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return NewBackendURL(server.Listener.Addr().(*net.TCPAddr).Port, secret.New("secret")), gone
}

func TestKernels(t *testing.T) {
	ago := func(d time.Duration) string { return time.Now().Add(-d).UTC().Format(time.RFC3339Nano) }
	u, gone := kernelServer(t,
		`[{"id": "old", "execution_state": "idle", "last_activity": "`+ago(time.Hour)+`"},
		{"id": "new", "execution_state": "busy", "last_activity": "`+ago(-time.Hour)+`"},
		{"id": "strange", "execution_state": "<b>"}, {"id": "again", "execution_state": "autorestarting"},
		{"id": "../contents"}, {"id": ""}]`,
		`[{"path": "work/a.ipynb", "name": "", "kernel": {"id": "old"}},
		{"path": "fileId=1a", "name": "b\u001b[31m\n.ipynb", "kernel": {"id": "new"}},
		{"notebook": {"path": "`+strings.Repeat("ü", 999)+`"}, "kernel": {"id": "strange"}}]`)
	all, err := Kernels(t.Context(), u)
	if err != nil || len(all) != 4 {
		t.Fatalf("got %v, %v", all, err)
	}
	if got := time.Since(all[0].LastActivity); all[0].ID != "new" || got > time.Minute || got < -time.Minute {
		t.Errorf("of a time in its future, the kernel is %+v", all[0])
	}
	if got := time.Since(all[1].LastActivity); all[1].ID != "old" || (got-time.Hour).Abs() > time.Minute {
		t.Errorf("the kernel that worked an hour ago is %+v", all[1])
	}
	var states []string
	for _, k := range all {
		states = append(states, k.State)
	}
	if want := []string{"busy", "idle", "starting", "unknown"}; !slices.Equal(states, want) {
		t.Errorf("the states are %q, not %q", states, want)
	}
	if all[1].Notebook != "work/a.ipynb" || !strings.HasPrefix(all[0].Notebook, "b") || strings.ContainsAny(all[0].Notebook, "\x1b\n") || len([]rune(all[3].Notebook)) > maxNotebookName {
		t.Errorf("the notebooks are %q, %q and %q", all[1].Notebook, all[0].Notebook, all[3].Notebook)
	}
	for name, k := range map[string]Kernel{
		"idle":               {State: "idle"},
		"starting long ago":  {State: "starting", LastActivity: time.Now().Add(-time.Hour)},
		"not starting now":   {State: "starting", LastActivity: time.Now()},
		"not starting ever":  {State: "starting"},
		"not busy":           {State: "busy", LastActivity: time.Now().Add(-time.Hour)},
		"not what is nobody": {State: "unknown"},
	} {
		if k.SaysIdle() == strings.HasPrefix(name, "not") {
			t.Errorf("a kernel is called idle wrongly: %s", name)
		}
	}
	for _, id := range []string{"../contents/a", "", "a/b", "a?b"} {
		if err := ShutdownKernel(t.Context(), u, id); err == nil {
			t.Errorf("the ID %q is taken", id)
		}
	}
	if err := ShutdownKernel(t.Context(), u, "old"); err != nil || !slices.Equal(*gone, []string{"old"}) {
		t.Errorf("shut down are %q, %v", *gone, err)
	}
	if err := ShutdownKernel(t.Context(), NewBackendURL(u.Port(), secret.New("other")), "new"); err == nil {
		t.Error("with another token, there is no error")
	}
}

func TestHostileKernels(t *testing.T) {
	many := make([]string, 1000)
	for i := range many {
		many[i] = fmt.Sprintf(`{"id": "k%d"}`, i)
	}
	u, _ := kernelServer(t, "["+strings.Join(many, ",")+"]", "[]")
	if all, err := Kernels(t.Context(), u); err != nil || len(all) != maxKernels {
		t.Errorf("of a thousand there are %d, %v", len(all), err)
	}
	for _, answer := range []string{`{`, `{"a": 1}`, `"` + strings.Repeat("x", 2*maxActivity) + `"`, `[{"id": 7}]`} {
		u, _ := kernelServer(t, answer, "[]")
		if all, err := Kernels(t.Context(), u); err == nil {
			t.Errorf("%.20s is taken for %v", answer, all)
		}
		u, _ = kernelServer(t, `[{"id": "a"}]`, strings.ReplaceAll(answer, "id", "path"))
		if all, err := Kernels(t.Context(), u); err == nil {
			t.Errorf("the sessions %.20s are taken for %v", answer, all)
		}
	}
}

// scriptedEngine answers what is run in its container with one text after the other.
type scriptedEngine struct {
	engine.Engine
	says []string
}

func (e *scriptedEngine) Inspect(context.Context, string) (engine.Container, error) {
	return engine.Container{Exists: true, ID: "c", Running: true}, nil
}

func (e *scriptedEngine) Exec(context.Context, string, []string) (stdout, stderr string, err error) {
	stdout, e.says = e.says[0], e.says[1:]
	return stdout, "", nil
}

// TestIdleKernels holds that a kernel of which something is not known is not idle.
func TestIdleKernels(t *testing.T) { synctest.Test(t, testIdleKernels) }

func testIdleKernels(t *testing.T) {
	kernels := []string{"answers", "busy", "mute", "computes", "hidden", "ended"}
	e := &scriptedEngine{says: []string{
		"answers 1000 1.00\nbusy 1000 1.00\nmute 1 1\ncomputes 1 1.00\nended 1 1\n",
		"answers 1000 1.05\nbusy 1000 1.00\nmute 1 1\ncomputes 1 9.00\nhidden 1 1\n",
		"idle\nbusy\nunknown\nidle\nidle\nidle\n",
	}}
	idle, err := IdleKernels(t.Context(), e, "c", kernels)
	if err != nil || !slices.Equal(idle, []string{"answers"}) {
		t.Errorf("idle are %q, %v", idle, err)
	}
	const usages = "a 1 1\nb 2 2\n"
	for name, says := range map[string][]string{
		"no usage":             {"no such file"},
		"usage of another":     {"a 1 1\nb 1 1\nz 1 1\n"},
		"usage of no number":   {"a 1 1\nb x 1\n"},
		"too few answers":      {usages, usages, "idle\n"},
		"too many answers":     {usages, usages, "idle\nidle\nidle\n"},
		"an answer of another": {usages, usages, "idle\nfree\n"},
	} {
		if idle, err := IdleKernels(t.Context(), &scriptedEngine{says: says}, "c", []string{"a", "b"}); err == nil || len(idle) > 0 {
			t.Errorf("%s: idle are %q, %v", name, idle, err)
		}
	}
	for _, id := range []string{"", "-a", "a b", "../a", "a\n"} {
		if _, err := KernelUsages(t.Context(), &scriptedEngine{says: []string{""}}, "c", []string{id}); err == nil {
			t.Errorf("the ID %q is taken", id)
		}
	}
}

// TestKernelGPUMemory holds whose memory of a card that is which the driver tells.
func TestKernelGPUMemory(t *testing.T) {
	process := func(parent int, command ...string) fstest.MapFS {
		return fstest.MapFS{
			"cmdline": {Data: []byte(strings.Join(command, "\x00") + "\x00")},
			"stat":    {Data: fmt.Appendf(nil, "7 (a ) name) S %d 7 7", parent)},
		}
	}
	proc := fstest.MapFS{}
	for pid, files := range map[string]fstest.MapFS{
		"10": process(1, "jupyter-notebook"),
		"11": process(10, "python", "-m", "ipykernel_launcher", "-f", "/root/.local/share/jupyter/runtime/kernel-a.json"),
		"12": process(11, "python", "-c", "worker"),
		"13": process(10, "python", "-f", "kernel-b.json"),
		"14": process(1, "blender", "kernel-abc.json"),
		"15": process(15, "its own parent"),
	} {
		for name, file := range files {
			proc[pid+"/"+name] = file
		}
	}
	kernels := []string{"a", "b", "c"}
	for name, test := range map[string]struct {
		processes []gpu.Process
		want      map[string]uint64
	}{
		"nobody uses them": {nil, map[string]uint64{"a": 0, "b": 0, "c": 0}},
		"two cards, and another program": {
			[]gpu.Process{{PID: 11, Memory: 5}, {PID: 11, Memory: 6}, {PID: 12, Memory: 1}, {PID: 14, Memory: 100}, {PID: 15}, {PID: 1}},
			map[string]uint64{"a": 12, "b": 0, "c": 0},
		},
		"one that the driver does not tell": {[]gpu.Process{{PID: 11, Unknown: true}, {PID: 13, Memory: 3}}, map[string]uint64{"b": 3, "c": 0}},
		"one that cannot be looked at":      {[]gpu.Process{{PID: 13, Memory: 3}, {PID: 99, Memory: 100}}, map[string]uint64{}},
	} {
		if got := KernelGPUMemory(proc, test.processes, kernels); !maps.Equal(got, test.want) {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
}
