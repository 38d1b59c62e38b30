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
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"colabtray/test/bed"
)

// openIdle opens the runtime in a program that stops what is idle.
func (r *rig) openIdle(after time.Duration) *rig {
	r.profile.IdleStop, r.idle = after, true
	return r.open()
}

// logged waits until the manager's log has a text so many times.
func (r *rig) logged(text string, times int) {
	r.t.Helper()
	bed.WaitFor(r.t, fmt.Sprintf("%q in the log, %d times", text, times), func() error {
		r.logMu.Lock()
		defer r.logMu.Unlock()
		if n := bytes.Count(r.log.Bytes(), []byte(text)); n < times {
			return fmt.Errorf("there are %d", n)
		}
		return nil
	})
}

// kernel is one that works, and the connection of a page with it.
type kernel struct {
	r      *rig
	socket *websocket.Conn
}

// kernel starts a kernel that works until it is told that it is enough.
func (r *rig) kernel(u BackendURL) *kernel {
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
	k := &kernel{r, socket}
	// As pages do it: while Notebook 6 still connects itself with the kernel, it
	// shows one that works as starting or idle.
	k.ask("shell")
	const cell = "import os, time\nopen('/tmp/began', 'w').close()\nwhile not os.path.exists('/tmp/enough'): time.sleep(0.05)"
	k.send("shell", "execute_request", map[string]any{"code": cell, "silent": false, "store_history": false, "user_expressions": map[string]any{}, "allow_stdin": false})
	bed.WaitFor(r.t, "a kernel that works", func() error {
		if r.docker("exec", r.profile.Runtime, "sh", "-c", "test ! -e /tmp/began || echo yes") != "yes" {
			return errors.New("it does not work yet")
		}
		return nil
	})
	return k
}

// enough ends the cell.
func (k *kernel) enough() {
	k.r.t.Helper()
	k.r.docker("exec", k.r.profile.Runtime, "touch", "/tmp/enough")
}

// send sends the kernel a message.
func (k *kernel) send(channel, kind string, content map[string]any) {
	k.r.t.Helper()
	message, err := json.Marshal(map[string]any{
		"channel": channel, "metadata": map[string]any{}, "parent_header": map[string]any{}, "buffers": []any{},
		"header":  map[string]any{"msg_id": channel + kind, "session": "s", "username": "", "version": "5.3", "msg_type": kind, "date": "2026-01-01T00:00:00Z"},
		"content": content,
	})
	if err == nil {
		err = k.socket.Write(k.r.t.Context(), websocket.MessageText, message)
	}
	if err != nil {
		k.r.t.Fatal(err)
	}
}

// ask asks the kernel what it is, and waits for the answer.
func (k *kernel) ask(channel string) {
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

func TestIdleRuntimeIsStopped(t *testing.T) {
	t.Parallel() // it waits for most of its time
	eachRig(t, func(t *testing.T, r *rig) {
		r.open()
		k := r.kernel(r.mustStart().URL)
		r.stop()
		r.openIdle(4 * time.Second)
		r.untilState(Ready)
		// As long as the kernel works, and whatever Notebook 6 says of it.
		r.logged("the runtime is in use", 4)
		if s := r.Snapshot(); s.State != Ready || !s.IdleStopAt.IsZero() {
			t.Errorf("while a kernel works: %+v", s)
		}
		k.enough()
		if s := r.until("the warning", func(s Snapshot) bool { return !s.IdleStopAt.IsZero() }); s.State != Ready {
			t.Errorf("warned, but %s", s.State)
		}
		if s := r.untilState(Stopped); s.Problem != nil || !s.IdleStopAt.IsZero() || !s.IdleStopped {
			t.Errorf("stopped for idleness, but %+v", s)
		}
		r.mustStart()
		if err := r.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if r.untilState(Stopped).IdleStopped {
			t.Error("what its person has stopped is said to be stopped for idleness")
		}
	})
}

// TestUnusedRuntimeIsStopped: nobody ever started a kernel.
func TestUnusedRuntimeIsStopped(t *testing.T) {
	t.Parallel() // it waits for most of its time
	eachEngine(t, func(t *testing.T, r *rig) {
		// Between warning and stop is half of it, in which to say no.
		r.openIdle(10 * time.Second)
		r.mustStart()
		warned := r.until("the warning", func(s Snapshot) bool { return !s.IdleStopAt.IsZero() }).IdleStopAt
		r.KeepRunning()
		again := r.until("another warning", func(s Snapshot) bool { return s.IdleStopAt.After(warned) }).IdleStopAt
		if again.Sub(warned) <= 0 {
			t.Errorf("warned of %v, kept running, and warned of %v", warned, again)
		}
		r.untilState(Stopped)
	})
}

// TestWarningComesFirst: somebody made the limit shorter, or the computer slept.
func TestWarningComesFirst(t *testing.T) {
	r := newRig(t, onDocker(t), bed.Server2).open()
	g := &idleGuard{m: r.Manager, s: r.mustStart(), used: time.Now().Add(-10 * time.Hour)}
	for range 2 { // looks
		g.s.IdleStop = time.Hour
		if again := g.look(t.Context()); again <= 0 || again > warnedLook {
			t.Errorf("the next look comes after %v", again)
		}
		g.s = r.until("the warning", func(s Snapshot) bool { return !s.IdleStopAt.IsZero() })
		if left := time.Until(g.s.IdleStopAt); g.s.State != Ready || left <= 0 || left > longestWarning {
			t.Errorf("it is %s, to be stopped in %v", g.s.State, left)
		}
	}
	g.warned = g.warned.Add(-longestWarning)
	g.s.IdleStop = time.Hour
	g.look(t.Context())
	if s := r.Snapshot(); s.State != Stopped {
		t.Errorf("warned in time, and idle, it is %s", s.State)
	}
}

// TestWorkWithoutAKernel: what works counts as used, whatever the kernels say.
func TestWorkWithoutAKernel(t *testing.T) {
	t.Parallel() // it waits for most of its time
	eachEngine(t, func(t *testing.T, r *rig) {
		r.openIdle(2 * time.Second)
		r.mustStart()
		r.docker("exec", "-d", r.profile.Runtime, "python3", "-c", "import os\nwhile not os.path.exists('/tmp/enough'): pass")
		r.logged("it computes, though no kernel says so", 2)
		if s := r.Snapshot(); s.State != Ready {
			t.Errorf("while something works it is %s", s.State)
		}
		r.docker("exec", r.profile.Runtime, "touch", "/tmp/enough")
		r.untilState(Stopped)
	})
}

// TestKernelThatWaits: what Notebook 6 calls idle, after a page asked the kernel
// something beside its work, is not stopped in the middle of that.
func TestKernelThatWaits(t *testing.T) {
	t.Parallel() // it waits for most of its time
	eachSite(t, func(t *testing.T, at site) {
		r := newRig(t, at, bed.Notebook6).open()
		k := r.kernel(r.mustStart().URL)
		k.ask("control")
		r.stop()
		r.openIdle(2 * time.Second)
		r.untilState(Ready)
		r.logged("a kernel works that the server calls idle", 2)
		if s := r.Snapshot(); s.State != Ready {
			t.Errorf("while a kernel works it is %s", s.State)
		}
		k.enough()
		r.untilState(Stopped)
	})
}

// TestKernelThatCannotBeAsked: nobody is stopped for want of an answer.
func TestKernelThatCannotBeAsked(t *testing.T) {
	t.Parallel() // it waits for most of its time
	eachEngine(t, func(t *testing.T, r *rig) {
		r.open()
		r.kernel(r.mustStart().URL).enough()
		r.docker("exec", r.profile.Runtime, "sh", "-c", "rm $HOME/.local/share/jupyter/runtime/kernel-*.json")
		r.stop()
		r.openIdle(2 * time.Second)
		r.logged("has no connection file", 2)
		if s := r.Snapshot(); s.State != Ready {
			t.Errorf("it is %s", s.State)
		}
	})
}

// TestEndDuringIdleStop: the program may end just then.
func TestEndDuringIdleStop(t *testing.T) {
	r := newRig(t, onDocker(t), bed.Server2).openIdle(2 * time.Second)
	r.mustStart()
	r.untilState(Stopping)
	ended := make(chan struct{})
	go func() {
		r.stop()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(longEnough):
		t.Fatal("the manager does not end")
	}
}

// TestTerminalStopsNothing: only the program that stays is asked to.
func TestTerminalStopsNothing(t *testing.T) {
	eachEngine(t, func(t *testing.T, r *rig) {
		r.profile.IdleStop = time.Nanosecond
		r.open()
		r.mustStart()
		for range 20 { // each is a while
			r.docker("ps")
		}
		if s := r.Snapshot(); s.State != Ready {
			t.Errorf("it is %s", s.State)
		}
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
			last, kernels, err := lastUse(t.Context(), NewBackendURL(port, NewToken("t")))
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
