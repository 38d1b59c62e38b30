package kubernetes

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
)

// silence is a cluster that never answers.
type silence struct{}

func (silence) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// A cluster that hangs keeps nobody waiting for ever, also who has set no limit.
func TestClusterThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{base: "http://cluster", http: &http.Client{Transport: silence{}}}
		for name, request := range map[string]func() error{
			"get":    func() error { return a.get(context.Background(), "/api", nil, nil) },
			"create": func() error { return a.create(context.Background(), "/api", status{}, nil) },
			"patch":  func() error { return a.patch(context.Background(), "/api", status{}, nil) },
			"remove": func() error { return a.remove(context.Background(), "/api", "", nil) },
		} {
			if err := request(); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s ended with %v", name, err)
			}
		}
	})
}
