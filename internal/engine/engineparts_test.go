package engine

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"colabtray/internal/config"
)

func TestLaunch(t *testing.T) {
	script := []string{"sh", "/opt/colab-tray/start.sh"}
	for entrypoint, want := range map[string]string{ // words parted by |
		"":                                       "",
		"tini|-g|--":                             "",
		"tini|-g|--|start.sh":                    "",
		"/usr/bin/dumb-init|--":                  "",
		"/opt/nvidia_entrypoint.sh":              "",
		"/bin/bash|/entrypoint.sh":               "",
		"jupyter-server|--ip=0":                  "sh|/opt/colab-tray/start.sh>jupyter-server|--ip=0|CMD",
		"/venv/bin/jupyter|lab":                  "sh|/opt/colab-tray/start.sh>/venv/bin/jupyter|lab|CMD",
		"tini|--|jupyter|lab":                    "tini|--|sh|/opt/colab-tray/start.sh>jupyter|lab|CMD",
		"start-notebook.sh":                      "sh|/opt/colab-tray/start.sh>start-notebook.sh|CMD",
		"tini|-g|--|start.sh|start-notebook.py":  "tini|-g|--|start.sh|sh|/opt/colab-tray/start.sh>start-notebook.py|CMD",
		"python3|-m|jupyterlab":                  "sh|/opt/colab-tray/start.sh>python3|-m|jupyterlab|CMD",
		"python3|-m|notebook":                    "sh|/opt/colab-tray/start.sh>python3|-m|notebook|CMD",
		"conda|run|-n|x|jupyter|lab":             "conda|run|-n|x|sh|/opt/colab-tray/start.sh>jupyter|lab|CMD",
		"/bin/sh|-c|jupyter lab --ip=0":          "sh|/opt/colab-tray/start.sh>/bin/sh|-c|jupyter lab --ip=0|CMD",
		"tini|--|/bin/bash|-lc|exec jupyter lab": "tini|--|sh|/opt/colab-tray/start.sh>/bin/bash|-lc|exec jupyter lab|CMD",
	} {
		var words []string
		if entrypoint != "" {
			words = strings.Split(entrypoint, "|")
		}
		for _, command := range [][]string{nil, {"jupyter", "lab"}} {
			spec := Spec{Cmd: slices.Concat(script, command)}
			usual := strings.Join(spec.Cmd, "|")
			spec.Launch(words, []string{"CMD"}, script, command)
			before, after, changed := strings.Cut(want, ">")
			if command != nil {
				after = strings.Join(command, "|")
			}
			if !changed {
				before, after = "", usual
			}
			if gotBefore, gotAfter := strings.Join(spec.Entrypoint, "|"), strings.Join(spec.Cmd, "|"); gotBefore != before || gotAfter != after {
				t.Errorf("%s with %v: entrypoint %s, command %s", entrypoint, command, gotBefore, gotAfter)
			}
		}
	}
}

func TestOrdinaryUser(t *testing.T) {
	stacks := []string{"NB_USER=jovyan", "NB_UID=1000", "NB_GID=100"}
	for _, c := range []struct {
		user string
		env  []string
		want string
	}{
		{"1000:100", nil, "1000:100"},
		{"1000", stacks, "1000:100"},
		{"jovyan", stacks, "1000:100"},
		{"0:0", append(stacks, "NB_UID=1001"), "1001:100"}, // it goes on as that one
		{"1001:users", stacks, "1001:100"},
		{"1000", nil, ""},
		{"jovyan", nil, ""},
		{"", nil, ""},
		{"root", nil, ""},
		{"jovyan", []string{"NB_UID=0", "NB_GID=0"}, ""},
		{"jovyan", []string{"NB_UID=1000,gid=0", "NB_GID=100"}, ""},
	} {
		if got := OrdinaryUser(c.user, c.env); got != c.want {
			t.Errorf("%q with %q: got %q, want %q", c.user, c.env, got, c.want)
		}
	}
}

func TestEachLineBoundsMemory(t *testing.T) {
	var lines []string
	err := EachLine(strings.NewReader("one\r\n\n"+strings.Repeat("x", 3*MaxLine)+"\nlast"), func(l string) { lines = append(lines, l) })
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"one", "", strings.Repeat("x", MaxLine), "last"}
	if fmt.Sprint(lines) != fmt.Sprint(want) {
		t.Errorf("got %d lines of lengths differing from what was written", len(lines))
	}
}

func TestSocket(t *testing.T) {
	for host, want := range map[string]string{
		"unix:///var/run/docker.sock": "/var/run/docker.sock", "npipe:////./pipe/docker_engine": "//./pipe/docker_engine",
		"tcp://192.0.2.1:2376": "", "": "",
	} {
		if got := (Info{Host: host}).Socket(); got != want {
			t.Errorf("%s: %q", host, got)
		}
	}
}

func TestBeginning(t *testing.T) {
	b := Beginning{Most: 5}
	for _, part := range []string{"abc", "def", "ghi", ""} {
		if n, err := b.Write([]byte(part)); n != len(part) || err != nil {
			t.Errorf("%q: %d, %v", part, n, err)
		}
	}
	if b.String() != "abcde" {
		t.Errorf("it keeps %q", b.String())
	}
}

// TestHashOfClusterSettings: what is of the volume alone asks for no new container, and
// without settings for a cluster the hash is what it was before there were any.
func TestHashOfClusterSettings(t *testing.T) {
	bare := Spec{Name: "a"}
	volume := Spec{Name: "a", Cluster: config.ClusterSettings{StorageClass: "fast", DataSize: 1 << 30}}
	selector := Spec{Name: "a", Cluster: config.ClusterSettings{NodeSelector: []string{"pool=gpu"}}}
	if bare.Hash() != volume.Hash() || bare.Hash() == selector.Hash() {
		t.Errorf("the hashes are %s, %s and %s", bare.Hash(), volume.Hash(), selector.Hash())
	}
	text, err := json.Marshal(bare)
	if err != nil || strings.Contains(string(text), "Cluster") {
		t.Errorf("%s, %v", text, err)
	}
}
