package config

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// TestFolderFlag: the mode comes off the end, so that the colon of a drive letter and
// one in a name stay.
func TestFolderFlag(t *testing.T) {
	for text, want := range map[string]struct {
		rest     string
		readOnly bool
	}{
		"/srv/data":      {"/srv/data", false},
		"/srv/data:ro":   {"/srv/data", true},
		"/srv/data:rw":   {"/srv/data", false},
		"/srv/a:ro:rw":   {"/srv/a:ro", false},
		"/srv/a:b":       {"/srv/a:b", false},
		`C:\data`:        {`C:\data`, false},
		`C:\data:ro`:     {`C:\data`, true},
		`C:\:ro`:         {`C:\`, true},
		`\\server\x\:rw`: {`\\server\x\`, false},
	} {
		if rest, readOnly := cutMode(text); rest != want.rest || readOnly != want.readOnly {
			t.Errorf("%s: got %q, %v", text, rest, readOnly)
		}
	}
}

// TestFoldersByFlag: they come to those of the file, whose paths they keep, and follow
// the kind of the image.
func TestFoldersByFlag(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	file := write(t, "[profiles.jupyter]\nfolders = [{host = '/srv/own', path = '/mnt/own'}]")
	flags := Flags{}.Add("folders", "/srv/own:ro").Add("folders", "/srv/more").Add("folders", "here:ro")
	own := Folder{Host: "/srv/own", Path: "/mnt/own", ReadOnly: true}
	for image, want := range map[string][]Folder{
		DefaultImage: {own, {"/srv/more", "/home/jovyan/more", false}, {filepath.Join(dir, "here"), "/home/jovyan/here", true}},
		"us-docker.pkg.dev/colab-images/public/runtime": {own, {"/srv/more", "/content/more", false}, {filepath.Join(dir, "here"), "/content/here", true}},
	} {
		s, err := Load(Sources{File: file, Flags: flags.With("image", image)})
		if err != nil || !reflect.DeepEqual(s.Profile.Folders, want) {
			t.Errorf("%s: got %v, %v", image, s.Profile.Folders, err)
		}
	}
	for flag, want := range map[string]string{
		"/srv/x/own":      "", // the other one has another path
		"/a/x\x00/b/x":    "--folder: the profile jupyter does not suit this image: two folders are at /home/jovyan/x. Give each a path of its own",
		"/home/me/.cache": `--folder: Jupyter shows no folder with the name ".cache". Give it another one with path`,
		"~nobody/x":       `--folder: "~nobody/x" is no absolute path. ` + hostHint,
	} {
		_, err := Load(Sources{File: file, Flags: Flags{"folders": flag}})
		if got := errorText(err); got != want {
			t.Errorf("%q: got %q, want %q", flag, got, want)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestChangeFolders: one folder more or less, in any notation, with all comments kept
// that are not about a folder that goes.
func TestChangeFolders(t *testing.T) {
	const table = "[profiles.jupyter]\n"
	add := func(f Folder) func(string) error {
		return func(path string) error { return AddFolder(path, "jupyter", f) }
	}
	remove := func(host string) func(string) error {
		return func(path string) error { return RemoveFolder(path, "jupyter", host) }
	}
	n, ro := Folder{Host: "/n"}, Folder{Host: "/a", ReadOnly: true}
	for _, c := range []struct {
		what, text string
		change     func(path string) error
		want       string
	}{
		{"the first", "# mine\n" + table + "port = 1 # one\n", add(n), "# mine\n" + table + "port = 1 # one\nfolders = [{host = \"/n\"}]\n"},
		{"of no table", "# mine\n", add(n), "# mine\n\n" + table + "folders = [{host = \"/n\"}]\n"},
		{"to an empty list", table + "folders = [] # none\n", add(n), table + "folders = [{host = \"/n\"}] # none\n"},
		{"to a list with a comment alone", table + "folders = [ # none\n]\n", add(n), table + "folders = [{host = \"/n\"}, # none\n]\n"},
		{"to one", table + "folders = [{host = '/a'}] # mine\n", add(n), table + "folders = [{host = '/a'}, {host = \"/n\"}] # mine\n"},
		{"to lines", table + "folders = [\n  {host = '/a'}, # a\n]\n", add(n), table + "folders = [\n  {host = '/a'}, {host = \"/n\"}, # a\n]\n"},
		{"again", table + "folders = [{host = '/n'}]\n", add(n), table + "folders = [{host = '/n'}]\n"},
		{"read only now", table + "folders = [{host = '/b'}, {host = '/a', path = '/x'}]\n", add(ro), table + "folders = [{host = '/b'}, {host = \"/a\", path = \"/x\", read_only = true}, ]\n"},
		{"to tables", "[[profiles.jupyter.folders]]\nhost = '/a' # a\n\n# icons\n[preferences]\n", add(ro.withHost("/n")), "[[profiles.jupyter.folders]]\nhost = '/a' # a\n[[profiles.jupyter.folders]]\nhost = \"/n\"\nread_only = true\n\n# icons\n[preferences]\n"},
		{"to an inline table", "profiles.jupyter = {port = 1}\n", add(n), "profiles.jupyter = {port = 1, folders = [{host = \"/n\"}]}\n"},
		{"with a mark", "\ufeff" + table + "folders = [{host = '/a'}]", add(n), "\ufeff" + table + "folders = [{host = '/a'}, {host = \"/n\"}]"},

		{"the only one", table + "folders = [{host = '/a'}] # mine\n", remove("/a"), table + "folders = [] # mine\n"},
		{"the first of two", table + "folders = [{host = '/a'}, {host = '/b'}]\n", remove("/a"), table + "folders = [{host = '/b'}]\n"},
		{"the last of two", table + "folders = [{host = '/a'}, {host = '/b'}]\n", remove("/b"), table + "folders = [{host = '/a'}, ]\n"},
		{"a line", table + "folders = [\n  # those of work\n  {host = '/a'}, # a\n  {host = '/b'} # b\n]\n", remove("/a"), table + "folders = [\n  # those of work\n  {host = '/b'} # b\n]\n"},
		{"the last line", table + "folders = [\n  {host = '/a'}, # a\n  {host = '/b'} # b\n]\n", remove("/b"), table + "folders = [\n  {host = '/a'}, # a\n]\n"},
		{"with a comma behind a comment", table + "folders = [{host = '/a'} # a\n, {host = '/b'}]\n", remove("/a"), table + "folders = [{host = '/b'}]\n"},
		{"a table", "[[profiles.jupyter.folders]]\nhost = '/a' # a\n# b\n[[profiles.jupyter.folders]]\nhost = '/b'\n[preferences]\n", remove("/a"), "# b\n[[profiles.jupyter.folders]]\nhost = '/b'\n[preferences]\n"},
		{"what is not there", table + "port = 1\n", remove("/a"), table + "port = 1\n"},
	} {
		path := write(t, c.text)
		err := c.change(path)
		got, readErr := os.ReadFile(path)
		if err != nil || readErr != nil || string(got) != c.want {
			t.Errorf("%s: got\n%s%v\nwant\n%s", c.what, got, err, c.want)
		}
	}
	for text, wrong := range map[string]string{
		table + "folders = [{host = '/x/n'}]\n": "two folders are at /home/jovyan/n",
		table + "port = 0\n":                    "out of range",
	} {
		path := write(t, text)
		err := AddFolder(path, "jupyter", n)
		got, readErr := os.ReadFile(path)
		if err == nil || !strings.Contains(err.Error(), wrong) || readErr != nil || string(got) != text {
			t.Errorf("%q: got %v, %q", text, err, got)
		}
	}
	path := filepath.Join(t.TempDir(), "config.toml")
	err := errors.Join(AddFolder(path, "mine", n), AddFolder(path, "jupyter", n))
	s, loadErr := Load(Sources{File: path})
	if err == nil || loadErr != nil || len(s.Profile.Folders) != 1 {
		t.Errorf("of no file: %v, %v, %v", err, loadErr, s.Profile.Folders)
	}
}

func (f Folder) withHost(host string) Folder {
	f.Host = host
	return f
}
