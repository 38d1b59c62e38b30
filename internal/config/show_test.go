package config

import (
	"slices"
	"strings"
	"testing"
)

// TestShow: the output names the source of each setting, and is itself a settings file
// with the same settings.
func TestShow(t *testing.T) {
	const text = `
profile = "mine"
[profiles.mine]
gpu = ["0", "1"]
memory = "1.5g"
cpus = 2
shm_size = 1_048_577
folders = [
  {host = "/srv/a \"b\"", path = "/data", read_only = true},
  {host = "/srv", path = "/more"},
]
packages = ["polars"]
command = ["jupyter", "lab"]
token = "keep"
idle_stop = "90m"
engine = "ssh://gpubox"
platform = "linux/arm64"
user = 1000
[preferences]
icon = "dark"
clear_clipboard = "30s"
notifications.idle = false
`
	from := Sources{File: write(t, text), Flags: Flags{"port": "1234"}, Env: env("COLAB_TRAY_NAME=me")}
	want, err := Load(from)
	if err != nil {
		t.Fatal(err)
	}
	shown, err := Show(from)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Load(Sources{File: write(t, shown)})
	if err != nil || !got.Profile.Equal(want.Profile) || got.Preferences != want.Preferences {
		t.Errorf("got %+v, %v\nwant %+v", got, err, want)
	}
	lines := strings.Split(shown, "\n")
	for _, line := range []string{
		`profile = "mine" # line 2`,
		`name = "me" # COLAB_TRAY_NAME`,
		`port = 1234 # --port`,
		`image = "quay.io/jupyter/base-notebook" # default`,
		`kind = "jupyter" # as the image is`,
		`memory = "1536m" # line 5`,
		`shm_size = 1048577 # line 7`,
		`packages = ["polars"] # line 12`,
		`idle_stop = "1h30m" # line 15`,
		`env = {} # default`,
		`engine = "ssh://gpubox" # line 16`,
		`user = "1000" # line 18`,
		`icon = "dark" # line 20`,
		`idle = false # line 22`,
		`ready = true # default`,
	} {
		if !slices.ContainsFunc(lines, func(l string) bool { return strings.Join(strings.Fields(l), " ") == line }) {
			t.Errorf("%s is not shown in\n%s", line, shown)
		}
	}
	for _, keys := range [][]string{profileKeys, preferenceKeys, notificationKeys} {
		for _, key := range keys {
			if !strings.Contains(shown, "\n"+key+" = ") && key != "env_file" && key != "notifications" {
				t.Errorf("%s is not shown", key)
			}
		}
	}
}

func TestShowKeepsSecrets(t *testing.T) {
	shown, err := Show(Sources{File: write(t, "[profiles.jupyter]\nenv = {A = 'hunter2', 'b.c' = 'hunter2'}")})
	if err != nil || strings.Contains(shown, "hunter2") || !strings.Contains(shown, "\nenv = {A = \"[redacted]\", \"b.c\" = \"[redacted]\"}") {
		t.Errorf("got %v, %s", err, shown)
	}
	if _, err := Show(Sources{File: write(t, "profile = 1")}); err == nil {
		t.Error("a broken file was shown")
	}
}
