package jupyter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// maxActivity is how much of an answer is read, in bytes.
const maxActivity = 1 << 20

// LastActivity returns when kernels and terminals of a server worked last, which is
// now while a kernel is busy, and the zero time when there are none; and which
// kernels there are. That a page asks for something, as an open notebook does all
// the time, is no use. The server's clock can be another than ours: how long ago
// something was, its own time of the answer tells.
func LastActivity(ctx context.Context, u BackendURL) (last time.Time, kernels []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, AskTimeout)
	defer cancel()
	for _, path := range []string{"/api/kernels", "/api/terminals"} {
		var there []struct {
			Kernel string    `json:"id"` // a terminal has none
			State  string    `json:"execution_state"`
			Last   time.Time `json:"last_activity"`
		}
		date, err := getJSON(ctx, u, path, &there)
		if err != nil {
			return last, kernels, err
		}
		now := time.Now().Round(0) // the wall's: time while the computer sleeps is idle, too
		for _, w := range there {
			if w.State == "busy" {
				return now, nil, nil
			}
			if date.IsZero() {
				return last, kernels, errors.New("the server does not tell its time")
			}
			// The container's word is not trusted beyond now.
			if used := now.Add(-max(0, date.Sub(w.Last))); used.After(last) {
				last = used
			}
			if w.Kernel != "" && w.State != "dead" {
				kernels = append(kernels, w.Kernel)
			}
		}
	}
	return last, kernels, nil
}

// getJSON asks Jupyter for something, and returns the server's time of the answer.
// What a server does not have leaves into as it is.
func getJSON(ctx context.Context, u BackendURL, path string, into any) (date time.Time, err error) {
	response, err := requestJupyter(ctx, u, path)
	if err != nil {
		return date, err
	}
	defer response.Body.Close()
	date, _ = http.ParseTime(response.Header.Get("Date")) // else zero
	switch response.StatusCode {
	case http.StatusOK:
		err := json.NewDecoder(io.LimitReader(response.Body, maxActivity)).Decode(into)
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return date, err
	case http.StatusNotFound:
		return date, nil
	default:
		return date, fmt.Errorf("GET %s was answered with %d", path, response.StatusCode)
	}
}

// requestJupyter makes an authenticated request.
func requestJupyter(ctx context.Context, u BackendURL, path string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d%s", u.Port(), path), nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "token "+u.Token().Reveal())
	return askJupyter(request)
}
