package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"colabtray/internal/colab"
	"colabtray/internal/i18n"
)

// waking compares a request of Colab's that starts the runtime, up to its answer, with a
// bare docker start up to the server's first answer, in turn.
func waking() ([]result, error) {
	b, err := newBus()
	if err != nil {
		return nil, err
	}
	defer b.close()
	const token = "0123456789abcdef0123456789abcdef"
	s, tray, err := stoppedTray(b, notebook6, `token = "keep"`, "wake = true", `command = ["start-notebook.sh", "--NotebookApp.token=`+token+`"]`)
	if err != nil {
		return nil, err
	}
	defer s.remove()
	defer end(tray.Cmd)
	ask := func(path string) (status int, err error) {
		request, err := http.NewRequest(http.MethodGet, fmt.Sprintf("http://localhost:%d%s?token=%s", s.port, path, token), nil)
		if err != nil {
			return 0, err
		}
		request.Header.Set("Origin", colab.Origin)
		response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 2 * time.Minute}).Do(request)
		if err != nil {
			return 0, err
		}
		defer response.Body.Close()
		_, err = io.Copy(io.Discard, response.Body)
		return response.StatusCode, err
	}
	asleep := func() error {
		if err := s.stop(); err != nil {
			return err
		}
		return tray.says(i18n.T("state.status.stopped"))
	}
	var ours, bare []time.Duration
	for range rounds {
		if err := asleep(); err != nil {
			return nil, err
		}
		begun := time.Now()
		status, err := ask("/api/colab/build-info")
		if err == nil && status == http.StatusServiceUnavailable {
			err = fmt.Errorf("waking was answered with %d", status)
		}
		if err != nil {
			return nil, err
		}
		ours = append(ours, time.Since(begun))
		if err := asleep(); err != nil {
			return nil, err
		}
		begun = time.Now()
		if err := exec.Command("docker", "start", s.name).Run(); err != nil {
			return nil, err
		}
		port, err := s.published()
		if err != nil {
			return nil, err
		}
		answered, err := firstAnswer(context.Background(), port)
		if err != nil {
			return nil, err
		}
		bare = append(bare, answered.Sub(begun))
	}
	more := median(ours) - median(bare)
	return []result{
		{"request to its answer, beyond docker start to the first answer", fmt.Sprintf("%+.1f ms (%s, %s)", 1e3*more.Seconds(), ms(median(ours)), ms(median(bare))), "at most +100 ms", more <= 100*time.Millisecond},
	}, nil
}

// published returns the port that the engine has chosen for the container.
func (s *server) published() (int, error) {
	out, err := exec.Command("docker", "port", s.name).Output()
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(out), "\n")
	_, port, err := net.SplitHostPort(first[strings.LastIndexByte(first, ' ')+1:])
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(port)
}
