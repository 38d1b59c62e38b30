package config

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSet(t *testing.T) {
	icon, token := []string{"preferences", "icon"}, []string{"profiles", "jupyter", "token"}
	for _, c := range []struct {
		what      string
		key       []string
		value     any
		text      string
		want      string
		unchanged bool
	}{
		{what: "nothing yet", key: icon, value: IconDark, text: "", want: "[preferences]\nicon = \"dark\"\n"},
		{what: "at the top of nothing", key: []string{"profile"}, value: "classic", text: "", want: "profile = \"classic\"\n"},
		{
			what: "value replaced, with its comment", key: []string{"profile"}, value: "classic",
			text: "# mine\nprofile  =\t'jupyter' # or not\n\n[profiles.jupyter] # x\nport = 1",
			want: "# mine\nprofile  =\t\"classic\" # or not\n\n[profiles.jupyter] # x\nport = 1",
		},
		{
			what: "the same again", key: icon, value: IconDark, unchanged: true,
			text: "[preferences]\nicon = \"dark\"",
		},
		{
			what: "value of many lines replaced", key: []string{"profiles", "jupyter", "packages"}, value: []string{"a", "b"},
			text: "[profiles.jupyter]\npackages = [\n 'x', # one\n]  # end\nport = 1\n",
			want: "[profiles.jupyter]\npackages = [\"a\", \"b\"]  # end\nport = 1\n",
		},
		{
			what: "into its table", key: token, value: TokenKeep,
			text: "[profiles.jupyter]\nport = 1 # one\n\n# of the next\n[preferences]\nicon = 'dark'\n",
			want: "[profiles.jupyter]\nport = 1 # one\ntoken = \"keep\"\n\n# of the next\n[preferences]\nicon = 'dark'\n",
		},
		{
			what: "into its empty table", key: token, value: TokenKeep,
			text: "[ profiles . jupyter ]  # c\n#port = 1\n",
			want: "[ profiles . jupyter ]  # c\ntoken = \"keep\"\n#port = 1\n",
		},
		{
			what: "without a newline at the end", key: token, value: TokenKeep,
			text: "[profiles.jupyter]\nport = 1",
			want: "[profiles.jupyter]\nport = 1\ntoken = \"keep\"",
		},
		{
			what: "a new table without a newline at the end", key: icon, value: IconDark,
			text: "[profiles.jupyter]\nport = 1",
			want: "[profiles.jupyter]\nport = 1\n\n[preferences]\nicon = \"dark\"\n",
		},
		{
			what: "lines of Windows", key: token, value: TokenKeep,
			text: "\ufeff[profiles.jupyter]\r\nport = 1\r\n\r\n[preferences]\r\n",
			want: "\ufeff[profiles.jupyter]\r\nport = 1\r\ntoken = \"keep\"\r\n\r\n[preferences]\r\n",
		},
		{
			what: "a new table in lines of Windows", key: icon, value: IconDark,
			text: "profile = 'jupyter'\r\n",
			want: "profile = 'jupyter'\r\n\r\n[preferences]\r\nicon = \"dark\"\r\n",
		},
		{
			what: "dotted keys at the top", key: token, value: TokenKeep,
			text: "profiles.jupyter.port = 1\nprofile = 'jupyter'\n",
			want: "profiles.jupyter.port = 1\nprofiles.jupyter.token = \"keep\"\nprofile = 'jupyter'\n",
		},
		{
			what: "dotted keys in a table", key: token, value: TokenKeep,
			text: "[profiles]\njupyter.port = 1\nclassic.port = 2\n",
			want: "[profiles]\njupyter.port = 1\njupyter.token = \"keep\"\nclassic.port = 2\n",
		},
		{
			what: "dotted keys and a table below", key: icon, value: IconDark,
			text: "preferences.language = 'de'\n[preferences.notifications]\nready = true\n",
			want: "preferences.language = 'de'\npreferences.icon = \"dark\"\n[preferences.notifications]\nready = true\n",
		},
		{
			what: "a table below alone", key: icon, value: IconDark,
			text: "[preferences.notifications]\nready = true\n",
			want: "[preferences.notifications]\nready = true\n\n[preferences]\nicon = \"dark\"\n",
		},
		{
			what: "inline table", key: token, value: TokenKeep,
			text: "profiles = { jupyter = { port = 1 } } # c",
			want: "profiles = { jupyter = { port = 1, token = \"keep\" } } # c",
		},
		{
			what: "value in an inline table", key: token, value: TokenKeep,
			text: "profiles = {jupyter = {port = 1, token = 'fresh', gpu = 1}}",
			want: "profiles = {jupyter = {port = 1, token = \"keep\", gpu = 1}}",
		},
		{
			what: "empty inline table", key: token, value: TokenKeep,
			text: "[profiles]\njupyter = {}\n",
			want: "[profiles]\njupyter = {token = \"keep\"}\n",
		},
		{
			what: "inline table without the table", key: token, value: TokenKeep,
			text: "profiles = {classic.port = 1}\n",
			want: "profiles = {classic.port = 1, jupyter.token = \"keep\"}\n",
		},
		{
			what: "inline table of many lines", key: []string{"preferences", "notifications", "idle"}, value: false,
			text: "[preferences]\nnotifications = {\n  ready = true, # one\n}\n",
			want: "[preferences]\nnotifications = {\n  ready = true, idle = false, # one\n}\n",
		},
		{
			what: "quoted keys", key: token, value: TokenKeep,
			text: "[\"profiles\".'jupyter']\n\"port\" = 1\n",
			want: "[\"profiles\".'jupyter']\n\"port\" = 1\ntoken = \"keep\"\n",
		},
		{
			what: "quoted key replaced", key: token, value: TokenKeep,
			text: "profiles.\"jupyter\" . 'token'= 'fresh'\n",
			want: "profiles.\"jupyter\" . 'token'= \"keep\"\n",
		},
		{
			what: "a profile that needs quotes", key: []string{"profiles", "a.b", "idle_stop"}, value: 90 * time.Minute,
			text: "",
			want: "[profiles.\"a.b\"]\nidle_stop = \"1h30m\"\n",
		},
		{
			what: "beside a list of tables", key: token, value: TokenKeep,
			text: "[[profiles.jupyter.folders]]\nhost = '~'\npath = '/x'\n",
			want: "[[profiles.jupyter.folders]]\nhost = '~'\npath = '/x'\n\n[profiles.jupyter]\ntoken = \"keep\"\n",
		},
		{
			what: "at the top, behind what is there", key: []string{"profile"}, value: "classic",
			text: "# c\npreferences.icon = 'dark' # d\n\n[profiles.jupyter]\n",
			want: "# c\npreferences.icon = 'dark' # d\nprofile = \"classic\"\n\n[profiles.jupyter]\n",
		},
		{
			what: "at the top, before a header", key: []string{"profile"}, value: "classic",
			text: "[profiles.jupyter]\n#profile = 'x'\n",
			want: "profile = \"classic\"\n[profiles.jupyter]\n#profile = 'x'\n",
		},
		{
			what: "at the top, behind the comment that shows it", key: []string{"profile"}, value: "classic",
			text: "# a\n# profile = 'x'\n\n#[profiles.jupyter]\n#port = 1\n",
			want: "# a\n# profile = 'x'\nprofile = \"classic\"\n\n#[profiles.jupyter]\n#port = 1\n",
		},
		{what: "false", key: []string{"preferences", "stop_on_quit"}, value: false, text: "", want: "[preferences]\nstop_on_quit = false\n"},
		{what: "off", key: []string{"preferences", "clear_clipboard"}, value: time.Duration(0), text: "", want: "[preferences]\nclear_clipboard = \"off\"\n"},
		{what: "whole number", key: []string{"profiles", "jupyter", "port"}, value: 9, text: "", want: "[profiles.jupyter]\nport = 9\n"},
		{what: "whole number as a float", key: []string{"profiles", "jupyter", "cpus"}, value: 2.0, text: "", want: "[profiles.jupyter]\ncpus = 2.0\n"},
		{what: "fraction", key: []string{"profiles", "jupyter", "cpus"}, value: 2.5, text: "", want: "[profiles.jupyter]\ncpus = 2.5\n"},
		{what: "quotes and controls", key: []string{"profiles", "jupyter", "env", "A"}, value: "a\"b\\c\nd\x1b\U0001F600\U000E0001ü", text: "", want: "[profiles.jupyter.env]\nA = \"a\\\"b\\\\c\\u000Ad\\u001B\U0001F600\\U000E0001ü\"\n"},
	} {
		t.Run(c.what, func(t *testing.T) {
			path := write(t, c.text)
			if c.unchanged {
				c.want = c.text
			}
			if err := Set(path, c.key, c.value); err != nil {
				t.Fatal(err)
			}
			if got := read(t, path); got != c.want {
				t.Errorf("got\n%q, want\n%q", got, c.want)
			}
			left, err := os.ReadDir(filepath.Dir(path))
			if err != nil || len(left) != 1 {
				t.Errorf("there is more than the file: %v, %v", left, err)
			}
		})
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestSetRefuses(t *testing.T) {
	for text, c := range map[string]struct {
		key   []string
		value any
		want  string
	}{
		"profile = ":                    {[]string{"profile"}, "classic", ":1: "},
		"\n[profiles.jupyter]\nport=0":  {[]string{"profile"}, "classic", ":3: profiles.jupyter.port: 0 is out of range. "},
		"# a\n":                         {[]string{"profile"}, "nope", `:1: profile: there is no profile "nope". `},
		"# b\n":                         {[]string{"profiles", "jupyter", "port"}, 0, ":4: profiles.jupyter.port: 0 is out of range. "},
		"# c\n":                         {[]string{"preferences", "loud"}, true, ":4: preferences.loud: there is no such setting. "},
		"[preferences.notifications]\n": {[]string{"preferences", "notifications"}, true, ":"},
		"[[profiles.jupyter.folders]]\nhost='~'\npath='/x'": {[]string{"profiles", "jupyter", "folders", "host"}, "~", ":"},
	} {
		path := write(t, text)
		err := Set(path, c.key, c.value)
		var e *Error
		if !errors.As(err, &e) || !strings.HasPrefix(err.Error(), path+c.want) {
			t.Errorf("%q: got %v, want %s", text, err, c.want)
		}
		if got := read(t, path); got != text {
			t.Errorf("it was changed to %q", got)
		}
	}
}

// TestSetBeginsWithTheDefaults: a missing file starts as the default file. The key
// "profile" stays above the first table, even if the person uncomments that table
// later.
func TestSetBeginsWithTheDefaults(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b", "config.toml")
	for _, set := range []func() error{
		func() error { return Set(path, []string{"profile"}, "classic") },
		func() error { return Set(path, []string{"preferences", "start_at_open"}, true) },
		func() error { return Set(path, []string{"profile"}, "colab-cpu") },
	} {
		if err := set(); err != nil {
			t.Fatal(err)
		}
	}
	text := read(t, path)
	want := strings.Replace(string(DefaultFile()), "\n#profile = \"jupyter\"\n", "\n#profile = \"jupyter\"\nprofile = \"colab-cpu\"\n", 1) +
		"\n[preferences]\nstart_at_open = true\n"
	if text != want {
		t.Errorf("got %s", text)
	}
	text = strings.Replace(text, "#[profiles.jupyter]", "[profiles.jupyter]", 1)
	if s, err := Load(Sources{File: write(t, text)}); err != nil || s.Profile.Name != "colab-cpu" || !s.Preferences.StartAtOpen {
		t.Errorf("got %+v, %v", s.Profile, err)
	}
	if runtime.GOOS != "windows" {
		if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
			t.Errorf("its mode is %v, %v", info.Mode(), err)
		}
	}
}

func TestWriteDefault(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "config.toml")
	if err := WriteDefault(path); err != nil {
		t.Fatal(err)
	}
	if got := read(t, path); got != string(DefaultFile()) {
		t.Errorf("got %s", got)
	}
	if err := os.WriteFile(path, []byte("# mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	var exists *ExistsError
	if err := WriteDefault(path); !errors.As(err, &exists) || exists.File != path || err.Error() != path+": there is a file already, which is kept" {
		t.Errorf("got %v", err)
	}
	if got := read(t, path); got != "# mine" {
		t.Errorf("it was overwritten with %s", got)
	}
	var e *Error
	if err := WriteDefault(filepath.Join(path, "config.toml")); !errors.As(err, &e) {
		t.Errorf("in a file: %v", err)
	}
}

// TestSetKeepsWhatTheFileIs: the file keeps its mode, and a link stays a link.
func TestSetKeepsWhatTheFileIs(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has neither modes nor, for everybody, links")
	}
	dir := t.TempDir()
	target := filepath.Join(dir, "dotfiles", "real.toml")
	path := filepath.Join(dir, "config.toml")
	between := filepath.Join(dir, "between")
	for _, err := range []error{os.Mkdir(filepath.Dir(target), 0o700), os.Symlink("dotfiles/real.toml", between), os.Symlink(between, path)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, mode := range []os.FileMode{0o600, 0o640, 0o664} { // the first one creates the target of the link
		if err := Set(path, []string{"profiles", "jupyter", "port"}, int(mode)); err != nil {
			t.Fatal(err)
		}
		info, err := os.Lstat(target)
		if err != nil || mode == 0o600 && info.Mode() != mode {
			t.Errorf("got %v, %v", info.Mode(), err)
		}
		if err := os.Chmod(target, mode); err != nil {
			t.Fatal(err)
		}
		if err := Set(path, []string{"preferences", "icon"}, IconDark); err != nil {
			t.Fatal(err)
		}
		if err := Set(path, []string{"preferences", "icon"}, IconLight); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Lstat(target); err != nil || info.Mode() != mode {
			t.Errorf("got %v, %v", info.Mode(), err)
		}
	}
	for _, link := range []string{path, between} {
		if info, err := os.Lstat(link); err != nil || info.Mode().Type() != os.ModeSymlink {
			t.Errorf("%s is no link now: %v", link, err)
		}
	}
	if err := os.Chmod(target, 0o400); err != nil {
		t.Fatal(err)
	}
	before := read(t, target)
	err := Set(path, []string{"profile"}, "classic")
	if err == nil || err.Error() != path+": it cannot be written: permission denied" || read(t, target) != before {
		t.Errorf("a read-only file: %v", err)
	}
	loop := filepath.Join(dir, "loop")
	if err := os.Symlink("loop", loop); err != nil {
		t.Fatal(err)
	}
	var e *Error
	if err := Set(loop, []string{"profile"}, "classic"); !errors.As(err, &e) {
		t.Errorf("a loop: %v", err)
	}
}

// sets has the changes that FuzzSet makes, and how to read each one back.
var sets = []struct {
	key   []string
	value any
	get   func(*Settings) any
}{
	{[]string{"profile"}, "classic", func(s *Settings) any { return &s.Profile }},
	{[]string{"preferences", "start_at_open"}, true, func(s *Settings) any { return &s.Preferences.StartAtOpen }},
	{[]string{"preferences", "notifications", "idle"}, false, func(s *Settings) any { return &s.Preferences.Notifications.Idle }},
	{[]string{"profiles", "colab-gpu", "port"}, 1234, func(s *Settings) any { p := s.Profiles["colab-gpu"]; return &p.Port }},
}

// FuzzSet: Set either refuses to change a file and leaves it alone, or changes that
// setting and no other, and only the bytes of the value.
func FuzzSet(f *testing.F) {
	for _, text := range []string{
		"", "\ufeff", "#", "\r\n", "profile = 'jupyter'\r\n[preferences]", "preferences = {}", "preferences = {icon='dark',}",
		"[profiles]\ncolab-gpu.port = 1", "profiles.colab-gpu.gpu = 1 # c", "[profiles]\n[profiles.colab-gpu]\n[preferences.notifications]",
		"profiles = {colab-gpu = {folders = [{host = '/a', path = '/b'}]}}", "'profile'=\"\"\"\njupyter\"\"\"", "[[profiles.colab-gpu.folders]]\nhost='/x'\npath='/y'",
		"profiles.'colab-gpu'.env.A = '1'\npreferences.notifications = {\n# c\n}\n", "[profiles.colab-gpu.env]\nport = 'x'", string(DefaultFile()),
	} {
		for i := range sets {
			f.Add([]byte(text), i)
		}
	}
	path := filepath.Join(f.TempDir(), "config.toml")
	f.Fuzz(func(t *testing.T, text []byte, which int) {
		if which < 0 || which >= len(sets) {
			return
		}
		c := sets[which]
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		before, broken := Load(Sources{File: path})
		err := Set(path, c.key, c.value)
		got := []byte(read(t, path))
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.File != path || !bytes.Equal(got, text) {
				t.Fatalf("got %#v, and the text %q", err, got)
			}
			if broken == nil {
				t.Fatalf("refused without a reason: %v", err)
			}
			return
		}
		after, err := Load(Sources{File: path})
		if err != nil || broken != nil {
			t.Fatalf("from %v to %v", broken, err)
		}
		want := before
		switch c.key[len(c.key)-1] {
		case "profile":
			want.Profile = want.Profiles["classic"]
		case "port":
			p := want.Profiles["colab-gpu"]
			p.Port = 1234
			want.Profiles["colab-gpu"] = p
			if want.Profile.Name == p.Name {
				want.Profile = p
			}
		default:
			reflect.ValueOf(c.get(&want)).Elem().Set(reflect.ValueOf(c.value))
		}
		if !after.Equal(want) {
			t.Fatalf("got %+v, want %+v", after, want)
		}
		same := 0 // bytes that are the same from the start and from the end
		for same < min(len(got), len(text)) && got[same] == text[same] {
			same++
		}
		end := 0
		for end < min(len(got), len(text))-same && got[len(got)-1-end] == text[len(text)-1-end] {
			end++
		}
		gone := bytes.TrimPrefix(text[same:len(text)-end], byteOrderMark)
		if len(gone) > 0 && !slices.ContainsFunc(newIndex(bytes.TrimPrefix(text, byteOrderMark)).entries, func(e *entry) bool {
			return slices.Equal(e.path, c.key) && bytes.Contains(bytes.TrimPrefix(text, byteOrderMark)[e.value:e.end], gone)
		}) {
			t.Fatalf("%q is gone from %q: %q", gone, text, got)
		}
	})
}

func TestAddPackages(t *testing.T) {
	for text, want := range map[string]string{
		"":                                     "[profiles.jupyter]\npackages = [\"new==1\", \"b\"]\n",
		"[profiles.jupyter]\nport = 1 # one\n": "[profiles.jupyter]\nport = 1 # one\npackages = [\"new==1\", \"b\"]\n",
		"[profiles.jupyter]\npackages = []\n":  "[profiles.jupyter]\npackages = [\"new==1\", \"b\"]\n",
		"[profiles.jupyter]\npackages = [ # none\n]\n":                                 "[profiles.jupyter]\npackages = [\"new==1\", \"b\", # none\n]\n",
		"\ufeff[profiles.jupyter]\npackages = [\n 'x', # one\n # two\n 'y]',\n] # c\n": "\ufeff[profiles.jupyter]\npackages = [\n 'x', # one\n # two\n 'y]', \"new==1\", \"b\",\n] # c\n",
		"profiles = {jupyter = {packages = ['x'], port = 1}}\n":                        "profiles = {jupyter = {packages = ['x', \"new==1\", \"b\"], port = 1}}\n",
	} {
		path := write(t, text)
		if err := AddPackages(path, "jupyter", []string{"new==1", "b"}); err != nil {
			t.Errorf("%q: %v", text, err)
		}
		got := read(t, path)
		if text == "" {
			got = got[max(0, len(got)-len(want)):]
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	for _, hostile := range []string{"-e .", "a\nb", " "} {
		path := write(t, "# mine\n")
		if err := AddPackages(path, "jupyter", []string{hostile}); err == nil || read(t, path) != "# mine\n" {
			t.Errorf("%q was written", hostile)
		}
	}
}
