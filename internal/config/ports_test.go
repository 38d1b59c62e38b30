package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestPorts(t *testing.T) {
	load := func(text string, flags Flags) (Settings, error) {
		file := filepath.Join(t.TempDir(), "config.toml")
		if err := os.WriteFile(file, []byte("[profiles.jupyter]\n"+text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return Load(Sources{File: file, Flags: flags})
	}
	both := []PublishedPort{{6006, 6006}, {7860, 7861}}
	for text, flags := range map[string]Flags{
		`ports = [6006, "7860:7861"]`:   nil,
		`ports = ["6006", "7860:7861"]`: {},
		`ports = [1]`:                   {"ports": "6006, 7860:7861"},
	} {
		s, err := load(text, flags)
		if err != nil || !slices.Equal(s.Profile.Ports, both) {
			t.Errorf("%s, %v: %v, %v", text, flags, s.Profile.Ports, err)
		}
		if got := EncodePorts(s.Profile.Ports); got != `[6006, "7860:7861"]` {
			t.Errorf("written, they are %s", got)
		}
		if line := s.Profile.CommandLine("start"); strings.Contains(line, "--publish") != (len(flags) > 0) {
			t.Errorf("the command is %s", line)
		}
	}
	for text, want := range map[string]string{
		`ports = 6006`:             "ports:",
		`ports = [true]`:           "ports:",
		`ports = [6006, 0]`:        `ports: "0" is no port`,
		`ports = [65536]`:          `"65536" is no port`,
		`ports = ["a\u001b[1m"]`:   `is no port`,
		`ports = ["1:2:3"]`:        `"2:3" is no port`,
		`ports = ["127.0.0.1:80"]`: `"127.0.0.1" is no port`,
		`ports = ["-1"]`:           `"-1" is no port`,
		`ports = [6006, "6006:1"]`: `ports: port 6006 is there twice`,
		`ports = ["1:5", "2:5"]`:   `ports: port 5 of the container is there twice`,
		`ports = [1, 8888]`:        `ports: port 8888 is the one of the Backend URL`,
		`ports = ["1:8888"]`:       `ports: port 8888 of the container is Jupyter's own`,
	} {
		if _, err := load(text, nil); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	if _, err := load(`ports = [9123]`, Flags{"port": "9123"}); err == nil || !strings.Contains(err.Error(), "--port: ") {
		t.Errorf("a flag for the port of another setting: %v", err)
	}
	if _, err := load("", Flags{"ports": "0"}); err == nil || !strings.HasPrefix(err.Error(), "--publish: ") {
		t.Errorf("a wrong flag: %v", err)
	}
}
