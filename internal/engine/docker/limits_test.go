package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/docker/docker/client"

	"colabtray/internal/engine"
)

// silence is an engine that never answers.
type silence struct{}

func (silence) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// engineBy returns an engine whose requests go another way.
func engineBy(t *testing.T, way http.RoundTripper) *Engine {
	t.Helper()
	api, err := client.NewClientWithOpts(client.WithVersion("1.41"), client.WithHTTPClient(&http.Client{Transport: way}))
	if err != nil {
		t.Fatal(err)
	}
	d, err := New("unix:///nowhere/docker.sock")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	d.switchTo(api, engine.Info{})
	return d
}

// An engine that hangs keeps nobody waiting for ever, also who has set no limit.
func TestEngineThatHangs(t *testing.T) {
	d := engineBy(t, silence{})
	const grace = 10 * time.Second
	for name, request := range map[string]func(ctx context.Context) error{
		"inspect": func(ctx context.Context) error { _, err := d.Inspect(ctx, "c"); return err },
		"create": func(ctx context.Context) error {
			_, err := d.Create(ctx, engine.Spec{Name: "c", Image: "i"})
			return err
		},
		"start":         func(ctx context.Context) error { return d.Start(ctx, "c") },
		"stop":          func(ctx context.Context) error { return d.Stop(ctx, "c", grace) },
		"remove":        func(ctx context.Context) error { return d.Remove(ctx, "c") },
		"rename":        func(ctx context.Context) error { return d.Rename(ctx, "c", "d") },
		"named":         func(ctx context.Context) error { _, err := d.Named(ctx, "c"); return err },
		"changed":       func(ctx context.Context) error { _, _, err := d.Changed(ctx, "c"); return err },
		"published by":  func(ctx context.Context) error { _, err := d.PublishedBy(ctx, 8888); return err },
		"image":         func(ctx context.Context) error { _, err := d.Image(ctx, "i", ""); return err },
		"images":        func(ctx context.Context) error { _, err := d.Images(ctx); return err },
		"tag":           func(ctx context.Context) error { return d.Tag(ctx, "i", "j") },
		"untag":         func(ctx context.Context) error { return d.Untag(ctx, "i") },
		"ensure volume": func(ctx context.Context) error { _, err := d.EnsureVolume(ctx, engine.Spec{Volume: "v"}); return err },
		"volume size":   func(ctx context.Context) error { _, err := d.VolumeSize(ctx, "v"); return err },
		"has volume":    func(ctx context.Context) error { _, err := d.HasVolume(ctx, "v"); return err },
		"mount point":   func(ctx context.Context) error { _, err := d.Mountpoint(ctx, "v"); return err },
		"remove volume": func(ctx context.Context) error { return d.RemoveVolume(ctx, "v") },
		"volume users":  func(ctx context.Context) error { _, err := d.VolumeUsers(ctx, "v", true); return err },
		"helpers":       func(ctx context.Context) error { _, err := d.Helpers(ctx, "c"); return err },
		"create helper": func(ctx context.Context) error {
			_, err := d.CreateHelper(ctx, engine.HelperSpec{Cmd: []string{"true"}})
			return err
		},
		"remove helper": func(ctx context.Context) error { return d.RemoveHelper(ctx, "h") },
		"put":           func(ctx context.Context) error { return d.Put(ctx, "c", fstest.MapFS{}, time.Now()) },
		"exec":          func(ctx context.Context) error { _, _, err := d.Exec(ctx, "c", []string{"true"}); return err },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				if err := request(context.Background()); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("it ended with %v", err)
				}
				if took := time.Since(begun); took > engine.RequestTimeout+grace {
					t.Errorf("it ended after %s", took)
				}
			})
		})
	}
}

// stalled is an engine that takes what it is sent, and sends some words, but stands still
// for a while in the midst of it.
type stalled struct{ pause time.Duration }

func (s stalled) RoundTrip(r *http.Request) (*http.Response, error) {
	pause := reading(func() error {
		select {
		case <-time.After(s.pause):
			return io.EOF
		case <-r.Context().Done():
			return r.Context().Err()
		}
	})
	if r.Body != nil {
		if _, err := io.Copy(io.Discard, io.MultiReader(io.LimitReader(r.Body, 10), pause, r.Body)); err != nil {
			return nil, err
		}
	}
	words := io.NopCloser(io.MultiReader(strings.NewReader("some"), pause, strings.NewReader("words")))
	header := http.Header{"X-Docker-Container-Path-Stat": {"e30="}} // {}
	return &http.Response{StatusCode: http.StatusOK, Header: header, Body: words, Request: r}, nil
}

// reading is a Read that has no data.
type reading func() error

func (r reading) Read([]byte) (int, error) { return 0, r() }

// slow are words of which each takes its time.
type slow struct {
	left int
	each time.Duration
}

func (s *slow) Read(p []byte) (int, error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	s.left--
	time.Sleep(s.each)
	return copy(p, "some words"), nil
}

// A stream of data may take any time, but it ends when the engine lets it stand still.
func TestStreamThatStandsStill(t *testing.T) {
	// Each has our side pause for longer than the engine may.
	read := func(stream io.ReadCloser, err error) error {
		if err != nil {
			return err
		}
		defer stream.Close()
		for n := 1; n > 0 && err == nil; {
			time.Sleep(2 * engine.StallTime)
			n, err = stream.Read(make([]byte, 10))
		}
		if err == io.EOF {
			err = nil
		}
		return err
	}
	for name, request := range map[string]func(ctx context.Context, d *Engine) error{
		"get":    func(ctx context.Context, d *Engine) error { return read(d.Get(ctx, "c", "/x")) },
		"helper": func(ctx context.Context, d *Engine) error { return read(d.ReadHelper(ctx, "c", "/x")) },
		"logs": func(ctx context.Context, d *Engine) error {
			return read(d.Logs(ctx, engine.Container{ID: "c", TTY: true}, engine.LogQuery{Tail: -1}))
		},
		"unpack": func(ctx context.Context, d *Engine) error {
			return d.Unpack(ctx, "c", "/x", &slow{3, 2 * engine.StallTime})
		},
	} {
		for pause, isShort := range map[time.Duration]bool{engine.StallTime - time.Second: true, engine.StallTime + time.Second: false} {
			t.Run(fmt.Sprint(name, " ", pause), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					err := request(context.Background(), engineBy(t, stalled{pause}))
					if isShort && err != nil || !isShort && !errors.Is(err, engine.ErrSilent) {
						t.Errorf("it ended with %v", err)
					}
				})
			})
		}
		t.Run(name+" silent from the start", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := engineBy(t, silence{})
				begun := time.Now()
				if err := request(context.Background(), d); !errors.Is(err, engine.ErrSilent) {
					t.Errorf("it ended with %v", err)
				}
				if took := time.Since(begun); took > engine.StallTime {
					t.Errorf("it ended after %s", took)
				}
			})
		})
	}
}
