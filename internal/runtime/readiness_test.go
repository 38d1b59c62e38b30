package runtime

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"colabtray/internal/config"
)

// outputOnly is an engine that has nothing but a container's output. It stands
// for what no real engine can be brought to: to tell of an address exactly
// while a request hangs.
type outputOnly struct {
	Engine
	output io.ReadCloser
}

func (e outputOnly) Logs(context.Context, Container, LogQuery) (io.ReadCloser, error) {
	return e.output, nil
}

// TestAnnouncementReplacesLook: a request that went out before Jupyter listened
// can hang. What the output says then is not kept waiting by it.
func TestAnnouncementReplacesLook(t *testing.T) {
	output, write := io.Pipe()
	hanging := make(chan struct{}, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "token secret" {
			hanging <- struct{}{}
			<-r.Context().Done()
		}
	}))
	defer server.Close()
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	number, _ := strconv.Atoi(port)

	ctx, cancel := context.WithCancel(t.Context())
	events := make(chan event, 10)
	w := &watch{
		engine:    outputOnly{output: output},
		kind:      config.KindJupyter,
		container: Container{Exists: true, Running: true, ID: "c", StartedAt: time.Now(), Ports: map[int]int{8888: number}},
		recheck:   make(chan struct{}),
		asking:    time.Hour,
		post:      func(e event) { events <- e },
	}
	over := make(chan struct{})
	go func() {
		w.run(ctx)
		close(over)
	}()
	<-hanging
	if _, err := io.WriteString(write, "http://runtime:8888/?token=secret\n"); err != nil {
		t.Fatal(err)
	}
	if a, is := (<-events).(answered); !is || a.url.Token().Reveal() != "secret" {
		t.Errorf("got %T", a)
	}
	cancel()
	<-over
}
