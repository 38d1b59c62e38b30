package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"colabtray/test/testenv"
)

var guideAddress = regexp.MustCompile(`^http://127\.0\.0\.1:\d+/\?key=\w+$`)

// visits opens the guide's address as a browser does, exchanges its key as the page
// does, and asks for the report.
func visits(t *testing.T, address string) (ask func(method, path string) string) {
	t.Helper()
	if !guideAddress.MatchString(address) {
		t.Fatalf("the address is %q", address)
	}
	client := new(http.Client)
	t.Cleanup(client.CloseIdleConnections)
	origin, key, _ := strings.Cut(address, "/?")
	secret := ""
	ask = func(method, path string) string {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), method, origin+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range map[string]string{"Origin": origin, "X-Colab-Tray": "1", "Authorization": "Bearer " + secret} {
			request.Header.Set(name, value)
		}
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil || response.StatusCode != http.StatusOK {
			t.Errorf("%s was answered with %s, %v", path, response.Status, err)
		}
		return string(body)
	}
	has(t, ask(http.MethodGet, "/?"+key), "Connect Colab", "1.2.3")
	secret = ask(http.MethodPost, "/enter?"+key)
	has(t, ask(http.MethodPost, "/report"), "1.2.3")
	return ask
}

// guide starts `colab-tray guide`, which ends with the test by Ctrl-C.
func (c *terminal) guide(args ...string) (stdout *bufio.Reader) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), longEnough)
	guide := c.command(ctx, append(args, "guide")...)
	out, err := guide.StdoutPipe()
	if err == nil {
		err = guide.Start()
	}
	if err != nil {
		cancel()
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() {
		defer cancel()
		if err := guide.Process.Signal(os.Interrupt); err != nil {
			c.t.Error(err)
		}
		rest, _ := io.ReadAll(out)
		if err := guide.Wait(); err != nil || len(rest) > 0 {
			c.t.Errorf("ended by Ctrl-C, it printed %q and returned %v", rest, err)
		}
	})
	return bufio.NewReader(out)
}

func TestGuideWithoutBrowser(t *testing.T) {
	home := t.TempDir()
	c := &terminal{t: t, env: []string{"HOME=" + home, "PATH=" + home, "DOCKER_HOST=unix://" + home + "/none.sock"}}
	address, err := c.guide().ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	ask := visits(t, strings.TrimSuffix(address, "\n"))
	has(t, ask(http.MethodGet, "/connect"), `"keepsURL":false,"connected":false`)
	has(t, ask(http.MethodPost, "/connect/keep?on=true"), `"keepsURL":true`)
	text, _ := c.run(0, "config", "show")
	has(t, text, `token = "keep"`)
}

// TestGuideInBrowser has a browser that writes down what it is to open.
func TestGuideInBrowser(t *testing.T) {
	testenv.NeedCommand(t, "sh")
	home := t.TempDir()
	c := &terminal{t: t, env: []string{"HOME=" + home, "PATH=" + home + ":" + os.Getenv("PATH"), "DOCKER_HOST=unix://" + home + "/none.sock"}}
	opened := filepath.Join(home, "opened")
	if err := os.WriteFile(filepath.Join(home, "xdg-open"), []byte("#!/bin/sh\necho \"$1\" >"+opened+".new && mv "+opened+".new "+opened+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	c.guide()
	var address []byte
	testenv.WaitFor(t, "the browser", func() (err error) {
		address, err = os.ReadFile(opened)
		return err
	})
	visits(t, strings.TrimSpace(string(address)))
}

func TestDoctor(t *testing.T) {
	engines(t)
	c := newTerminal(t, testenv.Image(t, testenv.Server2))
	c.set("HF_TOKEN=planted-in-the-environment")
	url, _ := c.run(0, "start")
	secret := strings.TrimSpace(strings.Split(url, "token=")[1])
	text, _ := c.run(0, "doctor")
	has(t, text, "1.2.3", c.get("COLAB_TRAY_NAME"), "ready since", "Docker ", "no session bus", testenv.Server2+" is there", "[redacted]")
	encoded, _ := c.run(0, "doctor", "--json")
	var report struct {
		Sections []struct {
			Title string
			Items []struct{ Name, Value, Error string }
		}
	}
	if err := json.Unmarshal([]byte(encoded), &report); err != nil || len(report.Sections) != 4 {
		t.Errorf("doctor --json printed %s (%v)", encoded, err)
	}
	for _, secretToken := range []string{secret, "planted-in-the-environment"} {
		if strings.Contains(text+encoded, secretToken) {
			t.Errorf("a secret is in the report:\n%s", text)
		}
	}
}

// TestDoctorWhenNothingElseWorks has settings and an address of Docker that
// stop all other commands.
func TestDoctorWhenNothingElseWorks(t *testing.T) {
	home := t.TempDir()
	c := &terminal{t: t, env: []string{"HOME=" + home, "XDG_CONFIG_HOME=" + home, "DOCKER_HOST=nonsense://here"}}
	out, _ := c.run(0, "doctor")
	has(t, out, "1.2.3", "DOCKER_HOST=nonsense://here", "The address of the engine makes no sense")
	c.run(2, "doctor", "--port", "0")
	c.settings("profile = 7\n")
	out, _ = c.run(0, "doctor")
	has(t, out, home+"/colab-tray/config.toml:1")
}
