package docker

import (
	"context"
	"errors"
	"net/http"
	"testing"
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

// An engine that hangs keeps nobody waiting for ever, also who has set no limit.
func TestEngineThatHangs(t *testing.T) {
	api, err := client.NewClientWithOpts(client.WithVersion("1.41"), client.WithHTTPClient(&http.Client{Transport: silence{}}))
	if err != nil {
		t.Fatal(err)
	}
	d, err := New("unix:///nowhere/docker.sock")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	d.switchTo(api, engine.Info{})
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
