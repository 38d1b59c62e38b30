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

// maxActivity is how much of a response is read, in bytes.
const maxActivity = 1 << 20

// LastActivity returns when kernels and terminals of a server were last active, and the
// IDs of its kernels. The time is now while a kernel is busy, and zero when there are
// no kernels and terminals. Requests of a page do not count as activity, because an
// open notebook makes them all the time. The server's clock can differ from ours, so
// ages are computed with the Date of the response.
func LastActivity(ctx context.Context, u BackendURL) (last time.Time, kernels []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, RequestTimeout)
	defer cancel()
	for _, path := range []string{"/api/kernels", "/api/terminals"} {
		var sessions []kernelJSON // a terminal has no ID
		date, err := getJSON(ctx, u, path, &sessions)
		if err != nil {
			return last, kernels, err
		}
		now := time.Now().Round(0) // without the monotonic clock: time asleep is idle time, too
		for _, s := range sessions {
			if s.State == "busy" {
				return now, nil, nil
			}
			if date.IsZero() {
				return last, kernels, errors.New("the response has no Date")
			}
			// The container may lie, so times in the future count as now.
			if used := now.Add(-max(0, date.Sub(s.Last))); used.After(last) {
				last = used
			}
			if s.ID != "" && s.State != "dead" {
				kernels = append(kernels, s.ID)
			}
		}
	}
	return last, kernels, nil
}

// getJSON requests a path of Jupyter, decodes the response into the value, and returns
// the Date of the response. It leaves the value unchanged when the server does not have
// the path.
func getJSON(ctx context.Context, u BackendURL, path string, into any) (date time.Time, err error) {
	response, err := requestJupyter(ctx, http.MethodGet, u, path)
	if err != nil {
		return date, err
	}
	defer response.Body.Close()
	date, _ = http.ParseTime(response.Header.Get("Date")) // zero when missing or invalid
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
func requestJupyter(ctx context.Context, method string, u BackendURL, path string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, fmt.Sprintf("http://127.0.0.1:%d%s", u.Port(), path), nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "token "+u.Token().Reveal())
	return sendToHost(request)
}
