package docker

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/client"

	"colabtray/internal/engine"
)

// A command in a container ends with its context, also while the engine has not answered
// that it begins.
func TestCommandThatTheEngineNeverBegins(t *testing.T) {
	asked, end := make(chan struct{}, 1), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/start") {
			asked <- struct{}{}
			<-end
			return
		}
		_, _ = io.WriteString(w, `{"Id":"1"}`)
	}))
	defer server.Close()
	defer close(end)
	api, err := client.NewClientWithOpts(client.WithVersion("1.41"), client.WithHost("tcp://"+server.Listener.Addr().String()))
	if err != nil {
		t.Fatal(err)
	}
	e := &Engine{}
	e.api.Store(api)
	for name, run := range map[string]func(context.Context) error{
		"exec": func(ctx context.Context) error {
			_, _, err := e.Exec(ctx, "c", []string{"true"})
			return err
		},
		"attach": func(ctx context.Context) error {
			_, err := e.Attach(ctx, "c", engine.Command{Args: []string{"true"}, Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				<-asked
				cancel()
			}()
			if err := run(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// An engine that does not answer whether a command begins is not waited for for ever.
func TestCommandBeginsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answers := make(chan struct{})
		_, err := attach(t.Context(), func() (types.HijackedResponse, error) {
			<-answers
			return types.HijackedResponse{}, io.EOF
		})
		close(answers)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the error is %v", err)
		}
	})
}
