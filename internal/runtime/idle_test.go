package runtime

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"colabtray/internal/jupyter"
	"colabtray/internal/secret"
	"colabtray/test/testenv"
)

// openIdle opens the runtime in a program that stops what is idle.
func (r *rig) openIdle(after time.Duration) *rig {
	r.profile.IdleStop, r.idle = after, true
	return r.Open()
}

// kernel is one that works, and the connection of a page with it.
type kernel struct {
	r      *rig
	id     string
	socket *websocket.Conn
	sent   int // messages
}

// kernel starts a kernel that works until it is told that it is enough.
func (r *rig) kernel(u jupyter.BackendURL) *kernel {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), longEnough)
	r.t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, fmt.Sprintf("http://localhost:%d/api/kernels?token=%s", u.Port(), u.Token().Reveal()), strings.NewReader("{}"))
	if err != nil {
		r.t.Fatal(err)
	}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer response.Body.Close()
	var made struct{ ID string }
	if err := json.NewDecoder(response.Body).Decode(&made); err != nil || made.ID == "" {
		r.t.Fatalf("no kernel: %s, %v", response.Status, err)
	}
	socket, _, err := websocket.Dial(ctx, fmt.Sprintf("ws://localhost:%d/api/kernels/%s/channels?token=%s", u.Port(), made.ID, u.Token().Reveal()), nil)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = socket.CloseNow() })
	k := &kernel{r: r, id: made.ID, socket: socket}
	k.Ask("shell")
	k.work()
	return k
}

// work runs a cell until stop.
func (k *kernel) work() {
	k.r.t.Helper()
	const cell = "import os, time\nif os.path.exists('/tmp/enough'): os.remove('/tmp/enough')\n" +
		"open('/tmp/began', 'w').close()\nwhile not os.path.exists('/tmp/enough'): time.sleep(0.05)"
	k.send("shell", "execute_request", map[string]any{"code": cell, "silent": false, "store_history": false, "user_expressions": map[string]any{}, "allow_stdin": false})
	testenv.WaitFor(k.r.t, "a kernel that works", func() error {
		if k.r.docker("exec", k.r.profile.Runtime, "sh", "-c", "test ! -e /tmp/began || echo yes") != "yes" {
			return errors.New("it does not work yet")
		}
		return nil
	})
}

// workAnew ends the cell and runs another one.
func (k *kernel) workAnew() {
	k.r.t.Helper()
	k.r.docker("exec", k.r.profile.Runtime, "sh", "-c", "rm /tmp/began && touch /tmp/enough")
	k.work()
}

// stop ends the cell.
func (k *kernel) stop() {
	k.r.t.Helper()
	k.r.docker("exec", k.r.profile.Runtime, "touch", "/tmp/enough")
}

// send sends the kernel a message, with an ID of its own: a kernel throws a message
// away whose signature it has seen.
func (k *kernel) send(channel, kind string, content map[string]any) {
	k.r.t.Helper()
	k.sent++
	message, err := json.Marshal(map[string]any{
		"channel": channel, "metadata": map[string]any{}, "parent_header": map[string]any{}, "buffers": []any{},
		"header":  map[string]any{"msg_id": fmt.Sprint(channel, kind, k.sent), "session": "s", "username": "", "version": "5.3", "msg_type": kind, "date": "2026-01-01T00:00:00Z"},
		"content": content,
	})
	if err == nil {
		err = k.socket.Write(k.r.t.Context(), websocket.MessageText, message)
	}
	if err != nil {
		k.r.t.Fatal(err)
	}
}

// Ask asks the kernel what it is, and waits for the answer.
func (k *kernel) Ask(channel string) {
	k.r.t.Helper()
	ctx, cancel := context.WithTimeout(k.r.t.Context(), longEnough)
	defer cancel()
	k.send(channel, "kernel_info_request", map[string]any{})
	for answered := false; !answered; {
		_, text, err := k.socket.Read(ctx)
		if err != nil {
			k.r.t.Fatal(err)
		}
		answered = bytes.Contains(text, []byte(`"kernel_info_reply"`))
	}
}

// TestIdleRuntime: a real Jupyter and a real engine tell what the idle rule asks
// them for, and a runtime is stopped in the end. When that is, TestIdleRule and
// TestIdleStop hold.
func TestIdleRuntime(t *testing.T) {
	eachServer(t, func(t *testing.T, r *rig) {
		r.Open()
		u := r.mustStart().URL
		if last, kernels, err := jupyter.LastActivity(t.Context(), u); err != nil || !last.IsZero() || len(kernels) != 0 {
			t.Errorf("before any kernel: %v, %v, %v", last, kernels, err)
		}
		k := r.kernel(u)
		// While Notebook 6 still connects itself with a kernel, it can take an answer to
		// itself for the end of the cell; so a cell is begun until that is over.
		testenv.WaitFor(t, "Jupyter to call the kernel busy", func() error {
			if last, kernels, err := jupyter.LastActivity(t.Context(), u); err != nil || last.IsZero() || len(kernels) != 0 {
				k.workAnew()
				return fmt.Errorf("it tells %v, %v, %v", last, kernels, err)
			}
			return nil
		})
		k.Ask("control") // from now on Notebook 6 calls it idle
		k.works(true)
		k.stop()
		k.works(false)
		testenv.WaitFor(t, "Jupyter to call the kernel idle", func() error {
			if last, kernels, err := jupyter.LastActivity(t.Context(), u); err != nil || last.IsZero() || !slices.Equal(kernels, []string{k.id}) {
				return fmt.Errorf("it tells %v, %v, %v", last, kernels, err)
			}
			return nil
		})

		const files = "$HOME/.local/share/jupyter/runtime/"
		r.docker("exec", r.profile.Runtime, "sh", "-c", "mkdir /tmp/aside && mv "+files+"kernel-*.json /tmp/aside/")
		if works, err := jupyter.KernelBusy(t.Context(), r.engine(), r.runtime, []string{k.id}); err == nil || works {
			t.Errorf("a kernel that cannot be asked: %v, %v", works, err)
		}
		r.docker("exec", r.profile.Runtime, "sh", "-c", "mv /tmp/aside/* "+files)

		r.computing(false)
		r.docker("exec", "-d", r.profile.Runtime, "python3", "-c", "import os\nwhile not os.path.exists('/tmp/computed'): pass")
		r.computing(true)
		r.docker("exec", r.profile.Runtime, "touch", "/tmp/computed")
		r.freeKernels(u, k)

		r.stop()
		r.openIdle(2 * time.Second)
		if s := r.untilState(Stopped); s.Problem != nil || !s.IdleStopAt.IsZero() || !s.IdleStopped {
			t.Errorf("stopped for idleness, but %+v", s)
		}
	})
}

// works waits until the kernel says itself whether it works.
func (k *kernel) works(want bool) {
	k.r.t.Helper()
	testenv.WaitFor(k.r.t, fmt.Sprintf("a kernel that works: %v", want), func() error {
		if works, err := jupyter.KernelBusy(k.r.t.Context(), k.r.engine(), k.r.runtime, []string{k.id}); err != nil || works != want {
			return fmt.Errorf("it says %v, %v", works, err)
		}
		return nil
	})
}

// computing waits until the container uses a processor, or none, as the engine and as the
// processes tell.
func (r *rig) computing(want bool) {
	r.t.Helper()
	testenv.WaitFor(r.t, fmt.Sprintf("a container that computes: %v", want), func() error {
		if uses, err := r.usesCPU(r.t.Context()); err != nil || uses != want {
			return fmt.Errorf("it says %v, %v", uses, err)
		}
		return nil
	})
	testenv.WaitFor(r.t, fmt.Sprintf("processes that compute: %v", want), func() error {
		if uses, err := r.usesProcessor(r.t.Context(), time.Second); err != nil || uses != want {
			return fmt.Errorf("they say %v, %v", uses, err)
		}
		return nil
	})
}

// TestLastUseByAnotherClock: the server's clock is hours behind ours or before it,
// and says all the same how long ago a kernel worked.
func TestLastUseByAnotherClock(t *testing.T) {
	const ago = 7 * time.Minute
	for _, skew := range []time.Duration{-3 * time.Hour, 0, 3 * time.Hour} {
		for name, test := range map[string]struct {
			ago, want time.Duration
			date      bool
		}{
			"a while ago":   {ago, ago, true},
			"in its future": {-ago, 0, true},
			"without Date":  {ago, 0, false},
		} {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				now := time.Now().Add(skew).UTC()
				if w.Header()["Date"] = nil; test.date {
					w.Header().Set("Date", now.Format(http.TimeFormat))
				}
				if r.URL.Path == "/api/terminals" {
					w.WriteHeader(http.StatusNotFound)
					return
				}
				fmt.Fprintf(w, `[{"id": "k", "execution_state": "idle", "last_activity": %q}]`, now.Add(-test.ago).Format(time.RFC3339Nano))
			}))
			port := server.Listener.Addr().(*net.TCPAddr).Port
			last, kernels, err := jupyter.LastActivity(t.Context(), jupyter.NewBackendURL(port, secret.New("t")))
			server.Close()
			if (err == nil) != test.date {
				t.Errorf("%s, skew %s: %v", name, skew, err)
			}
			if !test.date {
				continue
			}
			// Date has whole seconds.
			if off := time.Since(last) - test.want; off < -2*time.Second || off > longEnough || len(kernels) != 1 {
				t.Errorf("%s, skew %s: used %s ago (%v)", name, skew, time.Since(last), kernels)
			}
		}
	}
}
