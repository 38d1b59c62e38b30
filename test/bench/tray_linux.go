package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"colabtray/internal/i18n"
)

// buildHello builds the least tray program.
func buildHello() (path string, remove func(), err error) {
	dir, err := os.MkdirTemp("", "colab-tray-bench-")
	if err != nil {
		return "", nil, err
	}
	remove = func() { _ = os.RemoveAll(dir) }
	path = filepath.Join(dir, "hello")
	if out, err := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", path, "./test/bench/hello").CombinedOutput(); err != nil {
		remove()
		return "", nil, fmt.Errorf("building hello: %s", out)
	}
	return path, remove, nil
}

// iconTime measures the time from the start of the program to its icon, for this program
// and for the least tray program in turn.
func iconTime() ([]result, error) {
	b, err := newBus()
	if err != nil {
		return nil, err
	}
	defer b.close()
	hello, remove, err := buildHello()
	if err != nil {
		return nil, err
	}
	defer remove()
	s, err := newServer(standIn)
	if err != nil {
		return nil, err
	}
	defer s.remove()
	var ours, least []time.Duration
	for range rounds {
		for cmd, all := range map[*exec.Cmd]*[]time.Duration{s.command(): &ours, exec.Command(hello): &least} {
			tray, err := b.show(cmd)
			if err != nil {
				return nil, err
			}
			end(cmd)
			*all = append(*all, tray.took)
		}
	}
	ratio := float64(median(ours)) / float64(median(least))
	return []result{
		{"exec to icon registered", times(ours, least, "a hello-world"), "at most 3 times", ratio <= 3},
	}, nil
}

// stoppedTray is a tray with a runtime that is stopped.
func stoppedTray(b *bus, image string, lines ...string) (s *server, tray *icon, err error) {
	if s, err = newServer(image, lines...); err != nil {
		return s, nil, err
	}
	defer func() {
		if err != nil {
			if tray != nil {
				end(tray.Cmd)
			}
			s.remove()
		}
	}()
	if tray, err = b.show(s.command()); err != nil {
		return s, nil, err
	}
	if err = tray.says(i18n.T("state.status.absent")); err != nil {
		return s, tray, err
	}
	if err = tray.click(); err != nil {
		return s, tray, err
	}
	if err = tray.says(fmt.Sprint(s.port)); err != nil {
		return s, tray, err
	}
	if err = s.stop(); err != nil {
		return s, tray, err
	}
	return s, tray, tray.says(i18n.T("state.status.stopped"))
}

// clicks measures the time from a click on the icon of a stopped runtime to the signal
// that the icon has changed.
func clicks() ([]result, error) {
	b, err := newBus()
	if err != nil {
		return nil, err
	}
	defer b.close()
	s, tray, err := stoppedTray(b, standIn)
	if err != nil {
		return nil, err
	}
	defer s.remove()
	defer end(tray.Cmd)
	var took []time.Duration
	for range rounds {
		for len(b.signals) > 0 {
			<-b.signals
		}
		begun := time.Now()
		if err := tray.click(); err != nil {
			return nil, err
		}
		select {
		case <-b.signals:
			took = append(took, time.Since(begun))
		case <-time.After(time.Minute):
			return nil, errors.New("the icon did not change")
		}
		if err := tray.says(fmt.Sprint(s.port)); err != nil {
			return nil, err
		}
		if err := s.stop(); err != nil {
			return nil, err
		}
		if err := tray.says(i18n.T("state.status.stopped")); err != nil {
			return nil, err
		}
	}
	return []result{{"click to a changed icon", span(took), "median at most 10 ms", median(took) <= 10*time.Millisecond}}, nil
}

// quiet is how long nothing happens.
const quiet = 5 * time.Minute

// idle measures memory and processor time of the tray with a ready runtime: while
// nothing happens, while containers of others come and go, and with a page open.
func idle() ([]result, error) {
	b, err := newBus()
	if err != nil {
		return nil, err
	}
	defer b.close()
	s, err := runningServer(notebook6)
	if err != nil {
		return nil, err
	}
	defer s.remove()
	tray, err := b.show(s.command())
	if err != nil {
		return nil, err
	}
	defer end(tray.Cmd)
	if err := tray.says(fmt.Sprint(s.port)); err != nil {
		return nil, err
	}
	time.Sleep(5 * time.Second) // until the start is over
	used, _, err := processorUse(tray.Cmd, pause(quiet))
	if err != nil {
		return nil, err
	}
	without, err := resident(tray.Cmd)
	if err != nil {
		return nil, err
	}
	busy, took, err := processorUse(tray.Cmd, func() error { return othersRun(20) })
	if err != nil {
		return nil, err
	}
	leave, err := s.look(tray)
	if err != nil {
		return nil, err
	}
	defer leave()
	time.Sleep(10 * time.Second)
	with, err := resident(tray.Cmd)
	if err != nil {
		return nil, err
	}
	share := float64(busy) / float64(took)
	return []result{
		{"processor, 5 minutes ready and quiet", ms(used), "at most 20 ms", used <= 20*time.Millisecond},
		{"processor while 20 containers of others come and go", fmt.Sprintf("%.2f %%", 100*share), "at most 0.5 %", share <= 0.005},
		{"memory without the page", mb(without), "at most 16 MB", without <= 16e6},
		{"memory with the page open", mb(with), "at most 18 MB", with <= 18e6},
	}, nil
}

// outage measures the processor time of the tray while there is no engine.
func outage() ([]result, error) {
	b, err := newBus()
	if err != nil {
		return nil, err
	}
	defer b.close()
	s, err := newServer(standIn)
	if err != nil {
		return nil, err
	}
	defer s.remove()
	cmd := s.command()
	cmd.Env = append(cmd.Env, "DOCKER_HOST=unix://"+filepath.Join(s.home, "engine.sock"))
	tray, err := b.show(cmd)
	if err != nil {
		return nil, err
	}
	defer end(tray.Cmd)
	if err := tray.says(i18n.T("state.status.noengine", "engine", "Docker")); err != nil {
		return nil, err
	}
	time.Sleep(5 * time.Second) // until the start is over
	used, _, err := processorUse(tray.Cmd, pause(time.Minute))
	return []result{{"processor, a minute without an engine", ms(used), "at most 50 ms", used <= 50*time.Millisecond}}, err
}

// othersRun runs containers of others, one after the other.
func othersRun(n int) error {
	for range n {
		if out, err := exec.Command("docker", "run", "--rm", "--entrypoint", "true", standIn).CombinedOutput(); err != nil {
			return fmt.Errorf("docker run: %s", out)
		}
	}
	return nil
}

// pageAddress has the tray open the page, and returns the address that the browser gets.
func (s *server) pageAddress(tray *icon) (string, error) {
	_ = os.Remove(s.opened())
	if err := tray.choose(i18n.T("tray.row.guide")); err != nil {
		return "", err
	}
	var address []byte
	err := within(time.Minute, func() (err error) {
		address, err = os.ReadFile(s.opened())
		return err
	})
	return strings.TrimSpace(string(address)), err
}

// look has a page open as a browser has it, all of it loaded, until leave is called.
func (s *server) look(tray *icon) (leave func(), err error) {
	address, err := s.pageAddress(tray)
	if err != nil {
		return nil, err
	}
	origin, key, _ := strings.Cut(address, "/?")
	client := new(http.Client)
	secret := ""
	ask := func(method, path string) (*http.Response, error) {
		request, err := http.NewRequest(method, origin+path, nil)
		if err != nil {
			return nil, err
		}
		request.Header.Set("Origin", origin)
		request.Header.Set("X-Colab-Tray", "1")
		request.Header.Set("Authorization", "Bearer "+secret)
		response, err := client.Do(request)
		if err == nil && response.StatusCode != http.StatusOK {
			_ = response.Body.Close()
			err = fmt.Errorf("%s was answered with %s", path, response.Status)
		}
		return response, err
	}
	read := func(method, path string) (string, error) {
		response, err := ask(method, path)
		if err != nil {
			return "", err
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		return string(text), err
	}
	html, err := read(http.MethodGet, "/")
	if err != nil {
		return nil, err
	}
	if secret, err = read(http.MethodPost, "/enter?"+key); err != nil {
		return nil, err
	}
	for _, path := range linked(html) {
		if _, err := read(http.MethodGet, path); err != nil {
			return nil, err
		}
	}
	live, err := ask(http.MethodGet, "/live")
	if err != nil {
		return nil, err
	}
	go func() { _, _ = io.Copy(io.Discard, live.Body) }()
	return func() {
		_ = live.Body.Close()
		client.CloseIdleConnections()
	}, nil
}

// linked returns the paths of scripts and styles in a page.
func linked(html string) (paths []string) {
	for _, attribute := range []string{`<script src="`, `<link rel="stylesheet" href="`} {
		for _, part := range strings.Split(html, attribute)[1:] {
			path, _, _ := strings.Cut(part, `"`)
			paths = append(paths, path)
		}
	}
	return paths
}
