package runtime

import (
	"strings"
	"testing"

	"colabtray/internal/config"
)

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
		if got := ordinaryUser(c.user, c.env); got != c.want {
			t.Errorf("%q with %q: got %q, want %q", c.user, c.env, got, c.want)
		}
	}
}

// TestUnmappedWarning: it is told only where making the volume anew would help.
func TestUnmappedWarning(t *testing.T) {
	p := config.Default()
	rootless := EngineInfo{Name: "Podman", MapsUsers: true}
	plain := Container{
		Exists: true, Labels: specOf(p, shipped()).Labels, User: "1000:100",
		Given: Given{Folders: []config.Folder{{Path: "/a", ReadOnly: true}, {Path: "/b"}}},
	}
	w := unmappedWarning(p, plain, rootless)
	if w == nil || w.Code != CodeFoldersUnmapped || w.Command != "colab-tray delete --data && colab-tray restore" || !strings.Contains(w.Hint, p.Volume()) {
		t.Errorf("got %+v", w)
	}
	mapped, reading, root, handmade := plain, plain, plain, plain
	mapped.Given.Mapped = true
	reading.Given.Folders = plain.Given.Folders[:1]
	root.User = ""
	handmade.Labels = nil
	for name, c := range map[string]Container{"mapped": mapped, "read only": reading, "root in it": root, "made by hand": handmade} {
		if w := unmappedWarning(p, c, rootless); w != nil {
			t.Errorf("%s: got %+v", name, w)
		}
	}
	if w := unmappedWarning(p, plain, EngineInfo{Name: "Podman"}); w != nil {
		t.Errorf("on root's Podman: got %+v", w)
	}
}
