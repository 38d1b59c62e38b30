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
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// polling is the script that Colab Tray replaces: it polls once a second inside the
// container.
//
//go:embed polling.sh
var polling string

// server is a runtime that is started again and again, with a home directory of its own.
type server struct {
	name, image, home string
	port              int
}

// newServer has lines of the runtime's profile, and what follows them in the file.
func newServer(image string, lines ...string) (*server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	home, err := os.MkdirTemp("", "colab-tray-bench-")
	if err != nil {
		return nil, err
	}
	s := &server{name: filepath.Base(home), image: image, home: home, port: port}
	lines = append([]string{"[profiles.jupyter]", fmt.Sprintf("name = %q\nimage = %q\nport = %d", s.name, image, port)}, lines...)
	for file, text := range map[string]string{
		"colab-tray/config.toml": strings.Join(lines, "\n") + "\n",
		"colab-tray/welcomed":    "", // no first start, which would open the page
		"xdg-open":               "#!/bin/sh\necho \"$1\" >" + home + "/new && mv " + home + "/new " + s.opened() + "\n",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(home, file)), 0o700); err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(home, file), []byte(text), 0o700); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

// runningServer is newServer, and waits until the runtime is ready.
func runningServer(image string, lines ...string) (*server, error) {
	s, err := newServer(image, lines...)
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
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "HOME="+s.home, "PATH="+s.home+":"+os.Getenv("PATH"), "BROWSER=", "WAYLAND_DISPLAY=", "DISPLAY=:0",
		"XDG_CONFIG_HOME="+s.home, "XDG_STATE_HOME="+s.home, "XDG_RUNTIME_DIR="+s.home, "DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent")
	return cmd
}

// opened is the file with the address that was last to be opened in a browser.
func (s *server) opened() string { return filepath.Join(s.home, "opened") }

func (s *server) remove() {
	s.removeContainer()
	_ = os.RemoveAll(s.home)
}

func (s *server) removeContainer() {
	_ = exec.Command("docker", "rm", "-f", s.name).Run()
	_ = exec.Command("docker", "volume", "rm", s.name+"-data").Run()
}

func (s *server) stop() error { return exec.Command("docker", "stop", s.name).Run() }

// firstAnswer requests /api every 2 ms from outside, and returns the time of the first
// response with status 200. It does not wait for a slow response: the network can lose a
// request, and repeats it only after a second.
func (s *server) firstAnswer(ctx context.Context) (time.Time, error) { return firstAnswer(ctx, s.port) }

func firstAnswer(ctx context.Context, port int) (time.Time, error) {
	const soon = 20 * time.Millisecond
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	first := make(chan time.Time, 1)
	for ctx.Err() == nil {
		over := make(chan struct{})
		go func() {
			defer close(over)
			if !answers(ctx, port) {
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
func answers(ctx context.Context, port int) bool {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Second}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/api", port), nil)
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

// run starts the server with a command. It returns the times at which Jupyter first
// answered and at which the URL was printed.
func (s *server) run(cmd *exec.Cmd) (answered, shown time.Time, err error) {
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

// lags starts the stopped server some times, and returns the time from Jupyter's first
// answer to the URL on standard output each time.
func (s *server) lags(times int) (all []time.Duration, err error) {
	for range times {
		if err := s.stop(); err != nil {
			return nil, fmt.Errorf("docker stop: %w", err)
		}
		answered, shown, err := s.run(s.command("start"))
		if err != nil {
			return nil, err
		}
		all = append(all, shown.Sub(answered))
	}
	return all, nil
}

// readyLag compares the lag of the program with that of the polling script, in turn.
func readyLag() ([]result, error) {
	s, err := runningServer(notebook6)
	if err != nil {
		return nil, err
	}
	defer s.remove()
	var ours, theirs []time.Duration
	for range rounds {
		lag, err := s.lags(1)
		if err != nil {
			return nil, err
		}
		ours = append(ours, lag...)
		if err := s.stop(); err != nil {
			return nil, err
		}
		poll := exec.Command("sh", "-s", s.name)
		poll.Stdin = strings.NewReader(polling)
		answered, shown, err := s.run(poll)
		if err != nil {
			return nil, err
		}
		theirs = append(theirs, shown.Sub(answered))
	}
	worst := slices.Max(ours)
	return []result{
		{"restart", span(ours), "median at most 10 ms", median(ours) <= 10*time.Millisecond},
		{"the worst of them", ms(worst), "at most 50 ms", worst <= 50*time.Millisecond},
		{"the polling procedure", span(theirs), "", true},
	}, nil
}

// firstStart compares a first start, which makes container and volume, with docker run
// up to the first answer, in turn.
func firstStart() ([]result, error) {
	s, err := newServer(notebook6)
	if err != nil {
		return nil, err
	}
	defer s.remove()
	var lag, ours, bare []time.Duration
	for range rounds {
		s.removeContainer()
		begun := time.Now()
		answered, shown, err := s.run(s.command("start"))
		if err != nil {
			return nil, err
		}
		lag, ours = append(lag, shown.Sub(answered)), append(ours, shown.Sub(begun))
		s.removeContainer()
		begun = time.Now()
		run := exec.Command("docker", "run", "-d", "--name", s.name, "-p", fmt.Sprintf("127.0.0.1:%d:8888", s.port), "-v", s.name+"-data:/home/jovyan", s.image)
		if out, err := run.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("docker run: %s", out)
		}
		if answered, err = s.firstAnswer(context.Background()); err != nil {
			return nil, err
		}
		bare = append(bare, answered.Sub(begun))
	}
	return []result{
		{"from Jupyter's first answer to the URL", span(lag), "median at most 10 ms", median(lag) <= 10*time.Millisecond},
		{"the whole start", times(ours, bare, "docker run"), "", true},
	}, nil
}

// times compares two medians.
func times(ours, others []time.Duration, name string) string {
	return fmt.Sprintf("%.2f times %s (%s, %s)", float64(median(ours))/float64(median(others)), name, ms(median(ours)), ms(median(others)))
}

// timeToUp compares `colab-tray start` with a bare `docker start` up to the server's
// first answer, in turn. Nothing else sends requests to Jupyter meanwhile: a request
// before Jupyter listens can make the network delay the next one.
func timeToUp() ([]result, error) {
	s, err := runningServer(notebook6)
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
		{"restart", times(ours, bare, "docker start"), "at most 1.03 times", ratio <= 1.03},
	}, nil
}
