package main

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"
)

// polling is the script that Colab Tray replaces: it polls once a second inside the
// container.
//
//go:embed polling.sh
var polling string

// server is a runtime that is started again and again.
type server struct {
	name string
	port int
}

func newServer() (*server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer listener.Close()
	return &server{
		name: fmt.Sprintf("colab-tray-bench-%d", os.Getpid()),
		port: listener.Addr().(*net.TCPAddr).Port,
	}, nil
}

// runningServer is newServer, and waits until the runtime is ready.
func runningServer() (*server, error) {
	s, err := newServer()
	if err != nil {
		return nil, err
	}
	if _, err := firstURL(s.command("start")); err != nil {
		s.remove()
		return nil, err
	}
	return s, nil
}

// command returns a command of the program for this server.
func (s *server) command(args ...string) *exec.Cmd {
	args = append([]string{"--name", s.name, "--image", image, "--port", fmt.Sprint(s.port)}, args...)
	return exec.Command(program, args...)
}

func (s *server) remove() {
	_ = exec.Command("docker", "rm", "-f", s.name).Run()
	_ = exec.Command("docker", "volume", "rm", s.name+"-data").Run()
}

func (s *server) stop() error { return exec.Command("docker", "stop", s.name).Run() }

// firstAnswer requests /api every 2 ms from outside, and returns the time of the first
// response with status 200. It does not wait for a slow response: the network can lose a
// request, and repeats it only after a second.
func (s *server) firstAnswer(ctx context.Context) (time.Time, error) {
	const soon = 20 * time.Millisecond
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	first := make(chan time.Time, 1)
	for ctx.Err() == nil {
		over := make(chan struct{})
		go func() {
			defer close(over)
			if !s.answers(ctx) {
				return
			}
			select {
			case first <- time.Now():
			default:
			}
		}()
		select {
		case at := <-first:
			return at, nil
		case <-over:
		case <-time.After(soon):
		}
		time.Sleep(2 * time.Millisecond)
	}
	return time.Time{}, ctx.Err()
}

// answers makes one request, over a new connection.
func (s *server) answers(ctx context.Context) bool {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Second}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/api", s.port), nil)
	if err != nil {
		return false
	}
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// firstURL returns the time at which a command prints the first line with a token.
func firstURL(cmd *exec.Cmd) (time.Time, error) {
	var errors bytes.Buffer
	cmd.Stderr = &errors
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return time.Time{}, err
	}
	if err := cmd.Start(); err != nil {
		return time.Time{}, err
	}
	var at time.Time
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		if at.IsZero() && strings.Contains(lines.Text(), "token=") {
			at = time.Now()
		}
	}
	if err := cmd.Wait(); err != nil || at.IsZero() {
		return at, fmt.Errorf("%s printed no URL (%v): %s", cmd.Args[0], err, &errors)
	}
	return at, nil
}

// run stops the server and starts it with a command. It returns the times at which
// Jupyter first answered and at which the URL was printed.
func (s *server) run(cmd *exec.Cmd) (answered, shown time.Time, err error) {
	if err = s.stop(); err != nil {
		return answered, shown, fmt.Errorf("docker stop: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	answer := make(chan error, 1)
	go func() {
		var err error
		answered, err = s.firstAnswer(ctx)
		answer <- err
	}()
	if shown, err = firstURL(cmd); err != nil {
		return answered, shown, err
	}
	err = <-answer
	return answered, shown, err
}

// readyLag measures the time from Jupyter's first answer to the URL on standard output,
// for the program and for the polling script in turn.
func readyLag() ([]result, error) {
	s, err := runningServer()
	if err != nil {
		return nil, err
	}
	defer s.remove()
	var ours, theirs []time.Duration
	for range rounds {
		answered, shown, err := s.run(s.command("start"))
		if err != nil {
			return nil, err
		}
		ours = append(ours, shown.Sub(answered))
		poll := exec.Command("sh", "-s", s.name)
		poll.Stdin = strings.NewReader(polling)
		if answered, shown, err = s.run(poll); err != nil {
			return nil, err
		}
		theirs = append(theirs, shown.Sub(answered))
	}
	return []result{
		{"ready lag", span(ours), "at most 30 ms", median(ours) <= 30*time.Millisecond},
		{"ready lag of the polling procedure", span(theirs), "", true},
	}, nil
}

// timeToUp compares `colab-tray start` with a bare `docker start` up to the server's
// first answer, in turn. Nothing else sends requests to Jupyter meanwhile: a request
// before Jupyter listens can make the network delay the next one.
func timeToUp() ([]result, error) {
	s, err := runningServer()
	if err != nil {
		return nil, err
	}
	defer s.remove()
	var ours, bare []time.Duration
	for range rounds {
		if err := s.stop(); err != nil {
			return nil, err
		}
		begun := time.Now()
		shown, err := firstURL(s.command("start"))
		if err != nil {
			return nil, err
		}
		ours = append(ours, shown.Sub(begun))
		if err := s.stop(); err != nil {
			return nil, err
		}
		begun = time.Now()
		if err := exec.Command("docker", "start", s.name).Run(); err != nil {
			return nil, err
		}
		answered, err := s.firstAnswer(context.Background())
		if err != nil {
			return nil, err
		}
		bare = append(bare, answered.Sub(begun))
	}
	ratio := float64(median(ours)) / float64(median(bare))
	return []result{
		{"time to up", fmt.Sprintf("%.2f times a bare docker start (%s, %s)", ratio, ms(median(ours)), ms(median(bare))), "at most 1.10 times", ratio <= 1.10},
	}, nil
}
