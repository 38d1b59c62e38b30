package config

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

const handmade = `# top
profile = "mine" # chosen

[profiles.mine] # header
port = 1234 # its port
# between
env = {A = 'hunter2'}
[profiles.mine.other] # never
[[profiles.mine.folders]]
host = "/srv" # data

[preferences] # q
icon = "dark"
# end
`

var mine = strings.Replace(handmade, "[profiles.mine.other] # never\n", "", 1)

func TestEditProfiles(t *testing.T) {
	path := write(t, mine)
	e := Editor{File: path}
	before, err := Load(Sources{File: path})
	if err != nil {
		t.Fatal(err)
	}

	if err := e.RenameProfile("mine", "yours.x"); err != nil {
		t.Fatal(err)
	}
	after, err := Load(Sources{File: path})
	if err != nil || after.Profile.Name != "yours.x" || after.Profile.Runtime != "local-mine-runtime" || len(after.Profiles) != len(before.Profiles) {
		t.Errorf("renamed it is %+v, %v", after.Profile, err)
	}
	want := strings.NewReplacer("profiles.mine", `profiles."yours.x"`, `"mine"`, `"yours.x"`, "env = {A = 'hunter2'}\n", "env = {A = 'hunter2'}\nname = \"local-mine-runtime\"\n").Replace(mine)
	if got := read(t, path); got != want {
		t.Errorf("renamed the file is\n%s", got)
	}
	after.Profile.Name = "mine"
	if !after.Profile.Equal(before.Profile) {
		t.Errorf("renamed it is %+v, not %+v", after.Profile, before.Profile)
	}

	if err := e.AddProfile("copied", "yours.x"); err != nil {
		t.Fatal(err)
	}
	after, err = Load(Sources{File: path})
	copied := after.Profiles["copied"]
	if err != nil || copied.Port != 1235 || copied.Runtime != "local-copied-runtime" || copied.Env[0].Value.Reveal() != "hunter2" || copied.Folders[0] != before.Profile.Folders[0] {
		t.Errorf("the copy is %+v, %v", copied, err)
	}
	if got := read(t, path); !strings.HasPrefix(got, want) {
		t.Errorf("with a copy the file is\n%s", got)
	}

	if err := e.RemoveProfile("yours.x"); err != nil {
		t.Fatal(err)
	}
	got := read(t, path)
	after, err = Load(Sources{File: path})
	if _, still := after.Profiles["yours.x"]; err != nil || still || after.Profile.Name != DefaultProfile {
		t.Errorf("removed it is %v, %v", after.Profiles, err)
	}
	if want := "# top\n# chosen\n\n# header\n# its port\n# between\n# data\n\n[preferences] # q\nicon = \"dark\"\n# end\n"; !strings.HasPrefix(got, want) {
		t.Errorf("removed the file is\n%s", got)
	}
}

// TestCopyOfABuiltIn has what that one is, at another port.
func TestCopyOfABuiltIn(t *testing.T) {
	for name, p := range BuiltIn() {
		path := write(t, "")
		if err := (Editor{File: path}).AddProfile("mine", name); err != nil {
			t.Fatal(err)
		}
		s, err := Load(Sources{File: path})
		got := s.Profiles["mine"]
		if _, taken := map[int]bool{8888: true, 8889: true, 9000: true, 9001: true}[got.Port]; err != nil || taken || got.Runtime != "local-mine-runtime" {
			t.Errorf("the copy of %s is %+v, %v", name, got, err)
		}
		got.Name, got.Runtime, got.Port = p.Name, p.Runtime, p.Port
		if !got.Equal(p) {
			t.Errorf("the copy of %s is %+v", name, got)
		}
	}
}

// TestProfilesInOtherNotations: each notation of TOML is changed, and nothing beside it.
func TestProfilesInOtherNotations(t *testing.T) {
	for _, c := range []struct{ text, renamed, removed string }{
		{
			"profiles = {mine = {name = 'aa', port = 1}, jupyter.port = 2} # c\n",
			"profiles = {you = {name = 'aa', port = 1}, jupyter.port = 2} # c\n",
			"profiles = {jupyter.port = 2} # c\n",
		},
		{
			"profiles = {jupyter.port = 2, mine.port = 1, mine.name = 'aa'}\n",
			"profiles = {jupyter.port = 2, you.port = 1, you.name = 'aa'}\n",
			"profiles = {jupyter.port = 2}\n",
		},
		{
			"profiles = {mine.port = 1, jupyter.port = 2, mine.name = 'aa'}\n",
			"profiles = {you.port = 1, jupyter.port = 2, you.name = 'aa'}\n",
			"profiles = {jupyter.port = 2}\n",
		},
		{
			"[profiles]\n'mine' . port = 1 # one\nmine.name = \"aa\"\nclassic.port = 2",
			"[profiles]\nyou . port = 1 # one\nyou.name = \"aa\"\nclassic.port = 2",
			"[profiles]\n# one\nclassic.port = 2",
		},
		{
			"\ufeff[ profiles . \"mine\" ]\r\n  name = 'aa' # c\r\nport = 1\r\n[profiles.mine-2]\r\nport = 3",
			"\ufeff[ profiles . you ]\r\n  name = 'aa' # c\r\nport = 1\r\n[profiles.mine-2]\r\nport = 3",
			"\ufeff  # c\r\n[profiles.mine-2]\r\nport = 3",
		},
		{
			"[profiles.mine]\nname = 'aa'\npackages = [ # a\n 'x', # b\n] # c\n[profiles.mine.env] # d\nA = '[profiles.mine]'",
			"[profiles.you]\nname = 'aa'\npackages = [ # a\n 'x', # b\n] # c\n[profiles.you.env] # d\nA = '[profiles.mine]'",
			"# c\n# d\n",
		},
	} {
		path := write(t, c.text)
		if err := (Editor{File: path}).RenameProfile("mine", "you"); err != nil || read(t, path) != c.renamed {
			t.Errorf("%q renamed is %q, %v", c.text, read(t, path), err)
		}
		path = write(t, c.text)
		if err := (Editor{File: path}).RemoveProfile("mine"); err != nil || read(t, path) != c.removed {
			t.Errorf("%q without it is %q, %v", c.text, read(t, path), err)
		}
	}
}

func TestProfilesRefused(t *testing.T) {
	path := write(t, mine)
	e := Editor{File: path}
	for what, err := range map[string]error{
		"a name that is taken":       e.AddProfile("mine", ""),
		"a built-in name":            e.AddProfile("classic", ""),
		"a name of another kind":     e.AddProfile("a b", ""),
		"a name with a line":         e.AddProfile("a\"]\nport = 1\n[x", ""),
		"no name":                    e.AddProfile("", ""),
		"a copy of nothing":          e.AddProfile("new", "none"),
		"a built-in one renamed":     e.RenameProfile("jupyter", "new"),
		"to a built-in one":          e.RenameProfile("mine", "jupyter"),
		"none renamed":               e.RenameProfile("none", "new"),
		"to no name":                 e.RenameProfile("mine", "\n"),
		"a built-in one removed":     e.RemoveProfile("classic"),
		"none removed":               e.RemoveProfile("none"),
		"a name that is too long":    e.AddProfile(strings.Repeat("x", 64), ""),
		"a runtime that is too long": e.AddProfile(strings.Repeat("x", 60), ""),
	} {
		if err == nil || read(t, path) != mine {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestListKeepsItsComments: items are removed and added one by one.
func TestListKeepsItsComments(t *testing.T) {
	const text = "[profiles.jupyter]\npackages = [\n  'a', # one\n  'b', # two\n  'c', # three\n] # end\n"
	for typed, want := range map[string]string{
		"a\nc":    "[profiles.jupyter]\npackages = [\n  'a', # one\n  'c', # three\n] # end\n",
		"a\nc\nd": "[profiles.jupyter]\npackages = [\n  'a', # one\n  'c', \"d\", # three\n] # end\n",
		"c\na":    "[profiles.jupyter]\npackages = [\n  'c', \"a\", # three\n] # end\n",
		"a\nb\nc": text,
		"":        "[profiles.jupyter]\n# end\n",
		"[]":      "[profiles.jupyter]\npackages = [\n] # end\n",
	} {
		path := write(t, text)
		if err := (Editor{File: path}).Put("jupyter", "profile.packages", typed); err != nil || read(t, path) != want {
			t.Errorf("%q gives %q, %v", typed, read(t, path), err)
		}
	}
	for text, want := range map[string]string{
		"[profiles.jupyter]\n[profiles.jupyter.env] # e\nA = 'a' # a\nB = 'b' # b\n": "[profiles.jupyter]\n[profiles.jupyter.env] # e\n# a\nB = \"new\" # b\nC = \"c\"\n",
		"[profiles.jupyter]\nenv.A = 'a' # a\nenv.B = 'b' # b\n":                     "[profiles.jupyter]\n# a\nenv.B = \"new\" # b\nenv.C = \"c\"\n",
		"[profiles.jupyter]\nenv = { A = 'a', B = 'b' } # b\n":                       "[profiles.jupyter]\nenv = { B = \"new\", C = \"c\" } # b\n",
		"[profiles.jupyter]\nenv = { B = 'b', A = 'a' } # b\n":                       "[profiles.jupyter]\nenv = { B = \"new\", C = \"c\" } # b\n",
	} {
		path := write(t, text)
		if err := (Editor{File: path}).Put("jupyter", "profile.env", "B=new\r\nC=c\n"); err != nil || read(t, path) != want {
			t.Errorf("%q gives %q, %v", text, read(t, path), err)
		}
	}
}

// FuzzProfiles: in any valid text a profile is renamed and removed, and all else has the
// values that it had. The comments of whole lines stay.
func FuzzProfiles(f *testing.F) {
	for _, text := range []string{
		handmade, mine, "profiles = {mine = {port = 1}, x = 2}", "profiles.mine = {}", "[profiles]\nmine.a = 1\nmine.b.c = 2\n", "profiles.mine.a = [{b = 1}, {b = 2}] # c",
		"[[profiles.mine.a]]\nb = 1\n[[profiles.mine.a]]\n[profiles.mine.a.c]\n", "[profiles.mine]", "[ \"profiles\" . 'mine' ] # ]\nx = \"\"\"\n[profiles.mine]\n\"\"\"\r\n",
		"profiles = { mine.a = 1,\n # c\n x = 2 , mine.b = 2 }", "profiles = {x = 1, mine = 2 }", "[[profiles]]\nmine = 1", "profiles = [{mine = 1}]", "\ufeff[profiles.mine]\r\na = 1",
	} {
		f.Add([]byte(text))
	}
	key := []string{"profiles", "mine"}
	f.Fuzz(func(t *testing.T, text []byte) {
		_, body := cutMark(text)
		x := newIndex(body)
		if x.err != nil || slices.ContainsFunc(x.entries, func(e *entry) bool { return e.array && hasPrefix(key, e.path) }) {
			return // a profile is in no list
		}
		before := x.root.value().(map[string]any)
		profiles, _ := before["profiles"].(map[string]any)
		if _, has := profiles["mine"]; !has || profiles["yours"] != nil {
			return
		}
		for what, edited := range map[string][]byte{"renamed": renameKey(text, key, "yours"), "removed": removeKey(text, key)} {
			_, body := cutMark(edited)
			y := newIndex(body)
			if y.err != nil {
				t.Fatalf("%s %q is %q: %v", what, text, edited, y.err)
			}
			want := maps.Clone(profiles)
			delete(want, "mine")
			if what == "renamed" {
				want["yours"] = profiles["mine"]
			}
			got := y.root.value().(map[string]any)
			gotProfiles, _ := got["profiles"].(map[string]any)
			if len(want) != len(gotProfiles) || len(want) > 0 && !same(want, gotProfiles) {
				t.Fatalf("%s %q is %q: %v", what, text, edited, got)
			}
			rest := maps.Clone(before)
			delete(rest, "profiles")
			delete(got, "profiles")
			if !same(rest, got) {
				t.Fatalf("%s %q is %q: %v", what, text, edited, got)
			}
		}
	})
}
