package runtime

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// absent is an engine that does not answer until it is back.
type absent struct {
	Engine
	back    chan struct{} // closed when it is
	appears chan struct{} // closed when its socket does
	opened  chan struct{}
	tries   int
}

func (a *absent) Which() EngineInfo { return EngineInfo{Name: "Docker"} }

func (a *absent) Connect(context.Context) (EngineInfo, error) {
	select {
	case <-a.back:
		return EngineInfo{Name: "Docker"}, nil
	default:
		a.tries++
		return EngineInfo{}, ErrUnreachable
	}
}

func (a *absent) Watch(ctx context.Context, _ []string, opened func(), _ func(ContainerEvent)) error {
	opened()
	close(a.opened)
	<-ctx.Done()
	return ctx.Err()
}

func (a *absent) Await(ctx context.Context) {
	select {
	case <-a.appears:
		a.appears = nil
	case <-ctx.Done():
	}
}

// TestRecovery: an engine that comes back is noticed soon, at once where its socket
// can be watched, and one that stays away for long is asked rarely.
func TestRecovery(t *testing.T) {
	for name, c := range map[string]struct {
		outage  time.Duration
		watched bool
		most    time.Duration // until it is noticed
		tries   int           // at most, meanwhile
	}{
		"a moment":           {100 * time.Millisecond, false, 250 * time.Millisecond, 1},
		"seconds":            {5 * time.Second, false, time.Second, 8},
		"a minute":           {time.Minute, false, time.Second, 64},
		"minutes":            {9 * time.Minute, false, time.Second, 560},
		"an hour":            {time.Hour, false, 5 * time.Second, 1300},
		"an hour, a socket":  {time.Hour, true, 0, 1300},
		"seconds, a socket":  {3 * time.Second, true, 0, 6},
		"a moment, a socket": {100 * time.Millisecond, true, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				e := &absent{back: make(chan struct{}), appears: make(chan struct{}), opened: make(chan struct{})}
				appears := e.appears
				l := NewLink(e, slog.New(slog.DiscardHandler))
				over := make(chan struct{})
				go func() {
					l.Run(ctx)
					close(over)
				}()
				time.Sleep(c.outage)
				synctest.Wait()
				tries := e.tries
				close(e.back)
				if c.watched {
					close(appears)
				}
				begin := time.Now()
				<-e.opened
				if took := time.Since(begin); took > c.most || tries > c.tries {
					t.Errorf("it was noticed after %v and %d tries", took, tries)
				}
				cancel()
				<-over
			})
		})
	}
}

// TestAwait: what says where an engine is, is noticed when it comes: a socket, one
// that a link leads to, and the docker configuration.
func TestAwait(t *testing.T) {
	home := dockerHome(t)
	for _, dir := range []string{"run", "desktop", ".docker"} {
		if err := os.MkdirAll(filepath.Join(home, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	linked := filepath.Join(home, "linked.sock")
	if err := os.Symlink(filepath.Join(home, "desktop", "docker.sock"), linked); err != nil {
		t.Fatal(err)
	}
	socket := func(path string) func() error {
		return func() error {
			on, err := net.Listen("unix", filepath.Join(home, path))
			if err == nil {
				t.Cleanup(func() { _ = on.Close() })
			}
			return err
		}
	}
	for name, c := range map[string]struct {
		host string
		does func() error
	}{
		"a socket that is given":    {"unix://" + home + "/given.sock", socket("given.sock")},
		"a socket of another place": {"", socket("run/docker.sock")},
		"where a link leads":        {"unix://" + linked, socket("desktop/docker.sock")},
		"the docker configuration": {"", func() error {
			return os.WriteFile(filepath.Join(home, ".docker", "config.json"), []byte("{}"), 0o600)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := NewDocker(c.host)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			ctx, cancel := context.WithTimeout(t.Context(), longEnough)
			defer cancel()
			noticed := make(chan struct{})
			watches := make(chan struct{})
			go func() {
				d.await(ctx, func() { close(watches) })
				close(noticed)
			}()
			<-watches
			if err := errors.Join(os.WriteFile(filepath.Join(home, "run", "other"), nil, 0o600), c.does()); err != nil {
				t.Fatal(err)
			}
			<-noticed
			if ctx.Err() != nil {
				t.Error("it was not noticed")
			}
		})
	}
}
