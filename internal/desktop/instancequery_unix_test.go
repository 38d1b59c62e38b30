//go:build unix

package desktop

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"colabtray/test/testenv"
)

// shortDir returns a directory with a path short enough for a socket in it: some
// systems allow 100 bytes.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "ct")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func TestAnswer(t *testing.T) {
	dir := shortDir(t)
	if said, err := QueryInstance(t.Context(), dir, Show); err == nil {
		t.Errorf("nobody said %q", said)
	}
	// A killed instance leaves its socket behind.
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, socketName)})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	_ = left.Close()
	if said, err := QueryInstance(t.Context(), dir, Show); err == nil {
		t.Errorf("a socket that nobody listens on said %q", said)
	}

	for range 2 { // one after the other, as after a restart
		ctx, end := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		asked := make(chan struct{}, 1)
		go func() {
			ended <- ServeQueries(ctx, dir, func(context.Context, Query) string {
				asked <- struct{}{}
				return strings.Repeat("ready ", 1000)
			})
		}()
		var said string
		testenv.WaitFor(t, "an answer", func() (err error) {
			said, err = QueryInstance(t.Context(), dir, Show)
			return err
		})
		<-asked
		if len(said) != maxAnswer || !strings.HasPrefix(said, "ready ") {
			t.Errorf("it said %d bytes", len(said))
		}
		end()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// TestAskedOneThatHangs: the query does not wait for an instance that does not answer.
func TestAskedOneThatHangs(t *testing.T) {
	dir := shortDir(t)
	listener, err := net.Listen("unix", filepath.Join(dir, socketName))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		if conn, err := listener.Accept(); err == nil {
			cancel()
			defer conn.Close()
			_, _ = conn.Read(make([]byte, 1))
		}
	}()
	if said, err := QueryInstance(ctx, dir, Show); err == nil {
		t.Errorf("it said %q", said)
	}
}

// TestAskedToEnd: a process that is asked to end says so, and then lets go of the lock.
func TestAskedToEnd(t *testing.T) {
	dir := shortDir(t)
	release, first, err := Acquire(dir)
	if err != nil || !first {
		t.Fatalf("the lock: %v, %v", first, err)
	}
	ctx, end := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		defer release()
		ended <- ServeQueries(ctx, dir, func(_ context.Context, q Query) string {
			if q == Quit {
				defer end()
			}
			return "asked to " + string(q)
		})
	}()
	ask := func(q Query) (said string) {
		testenv.WaitFor(t, "an answer to "+string(q), func() (err error) {
			said, err = QueryInstance(t.Context(), dir, q)
			return err
		})
		return said
	}
	if said := ask("what is unknown"); said != "asked to show" {
		t.Errorf("to an unknown query it says %q", said)
	}
	if err := AwaitRelease(t.Context(), dir, time.Millisecond); err == nil {
		t.Error("the lock is free while it runs")
	}
	if said := ask(Quit); said != "asked to quit" {
		t.Errorf("it says %q", said)
	}
	if err := AwaitRelease(t.Context(), dir, time.Minute); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestAskedToStart: a process that is asked to start something learns what, and that the
// one that asked is gone.
func TestAskedToStart(t *testing.T) {
	dir := shortDir(t)
	serving, end := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	asked, withdrawn := make(chan struct{}), make(chan struct{})
	go func() {
		ended <- ServeQueries(serving, dir, func(ctx context.Context, q Query) string {
			profile, is := q.Starts()
			if !is {
				return "shown"
			}
			if profile == "slow" {
				close(asked)
				<-ctx.Done()
				close(withdrawn)
			}
			return "started " + profile
		})
	}()
	var said string
	testenv.WaitFor(t, "an answer", func() (err error) {
		said, err = QueryInstance(t.Context(), dir, Start("my gpu"))
		return err
	})
	if said != "started my gpu" {
		t.Errorf("it says %q", said)
	}
	asking, leave := context.WithCancel(t.Context())
	go func() {
		<-asked
		leave()
	}()
	if said, err := QueryInstance(asking, dir, Start("slow")); err == nil {
		t.Errorf("who left was told %q", said)
	}
	<-withdrawn
	end()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
