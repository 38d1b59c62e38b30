package config

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"colabtray/internal/i18n"
	"colabtray/test/testenv"
)

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func env(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for _, pair := range pairs {
			if value, found := strings.CutPrefix(pair, name+"="); found {
				return value, true
			}
		}
		return "", false
	}
}

// plain returns a profile with only the required fields.
func plain(name, runtime, image string, kind Kind, port int) Profile {
	return Profile{Name: name, Runtime: runtime, Image: image, Kind: kind, Port: port, Token: TokenFresh}
}

// withGPU returns a profile with all GPUs.
func withGPU(p Profile) Profile {
	p.GPU.All = true
	return p
}

func TestDefaults(t *testing.T) {
	for _, file := range []string{"", filepath.Join(t.TempDir(), "missing.toml"), write(t, ""), write(t, "# nothing\n"), write(t, "\ufeffprofile = 'jupyter'\r\n")} {
		s, err := Load(Sources{File: file, Env: env()})
		if err != nil {
			t.Fatal(err)
		}
		want := plain("jupyter", "local-jupyter-runtime", "quay.io/jupyter/base-notebook", KindJupyter, 8888)
		if !s.Profile.Equal(want) || s.Profile.Volume() != "local-jupyter-runtime-data" {
			t.Errorf("%q: got %+v", file, s.Profile)
		}
	}
}

func TestBuiltInsDoNotClash(t *testing.T) {
	names, ports := map[string]string{}, map[int]string{}
	for key, p := range BuiltIn() {
		if key != p.Name || names[p.Runtime] != "" || ports[p.Port] != "" {
			t.Errorf("%s clashes with %s%s", key, names[p.Runtime], ports[p.Port])
		}
		names[p.Runtime], ports[p.Port] = key, key
	}
	for name, kind := range map[string]Kind{"jupyter": KindJupyter, "colab-gpu": KindColab, "colab-cpu": KindColab, "classic": KindJupyter} {
		if got := BuiltIn()[name].Kind; got != kind {
			t.Errorf("%s is of kind %q", name, got)
		}
	}
}

func TestKindOf(t *testing.T) {
	for image, want := range map[string]Kind{
		"us-docker.pkg.dev/colab-images/public/runtime":                KindColab,
		"europe-docker.pkg.dev/colab-images/public/cpu-runtime:latest": KindColab,
		"asia-docker.pkg.dev/colab-images/public/runtime@sha256:0":     KindColab,
		"us-docker.pkg.dev/other/public/runtime":                       KindJupyter,
		"example.org/colab-images/public/runtime":                      KindJupyter,
		"jupyter/base-notebook":                                        KindJupyter,
	} {
		if got := KindOf(image); got != want {
			t.Errorf("%s is of kind %q", image, got)
		}
	}
}

// TestPrecedence adds one more source in each step: a flag overrides the environment,
// which overrides the file, which overrides the default.
func TestPrecedence(t *testing.T) {
	file := write(t, "[profiles.jupyter]\nname = 'from-file'\nimage = 'from/file'\nport = 1111\n")
	environment := env("COLAB_TRAY_NAME=from-env", "COLAB_TRAY_IMAGE=from/env", "COLAB_TRAY_PORT=2222")
	flags := Flags{"name": "from-flag", "image": "from/flag", "port": "3333"}
	for _, c := range []struct {
		from Sources
		want Profile
	}{
		{Sources{}, Default()},
		{Sources{File: file}, plain("jupyter", "from-file", "from/file", KindJupyter, 1111)},
		{Sources{File: file, Env: environment}, plain("jupyter", "from-env", "from/env", KindJupyter, 2222)},
		{Sources{File: file, Env: environment, Flags: flags}, plain("jupyter", "from-flag", "from/flag", KindJupyter, 3333)},
		{Sources{Flags: flags}, plain("jupyter", "from-flag", "from/flag", KindJupyter, 3333)},
		{Sources{Env: env("COLAB_TRAY_NAME=", "COLAB_TRAY_PORT=")}, Default()},
		{
			Sources{Env: env("COLAB_TRAY_IMAGE=us-docker.pkg.dev/colab-images/public/runtime")},
			plain("jupyter", DefaultRuntime, "us-docker.pkg.dev/colab-images/public/runtime", KindColab, DefaultPort),
		},
	} {
		s, err := Load(c.from)
		if err != nil {
			t.Fatal(err)
		}
		if !s.Profile.Equal(c.want) {
			t.Errorf("got %+v, want %+v", s.Profile, c.want)
		}
	}
}

func TestProfiles(t *testing.T) {
	file := write(t, `
profile = "mine"
[profiles.mine]
image = "example.org/me/notebook:3"
port = 9999
[profiles.pinned]
image = "example.org/me/colab"
kind = "colab"
[profiles.colab-gpu]
port = 9100
`)
	for _, c := range []struct {
		from Sources
		want Profile
	}{
		{Sources{File: file}, plain("mine", "local-mine-runtime", "example.org/me/notebook:3", KindJupyter, 9999)},
		{Sources{File: file, Env: env("COLAB_TRAY_PROFILE=jupyter")}, Default()},
		{
			Sources{File: file, Env: env("COLAB_TRAY_PROFILE=jupyter"), Flags: Flags{"profile": "colab-gpu"}},
			withGPU(plain("colab-gpu", "local-colab-runtime", "us-docker.pkg.dev/colab-images/public/runtime", KindColab, 9100)),
		},
		{ // the profile with that runtime
			Sources{File: file, Flags: Flags{"name": "local-classic-runtime"}},
			plain("classic", "local-classic-runtime", "jupyter/base-notebook", KindJupyter, 8889),
		},
		{
			Sources{File: file, Env: env("COLAB_TRAY_NAME=local-colab-runtime"), Flags: Flags{"profile": "mine"}},
			plain("mine", "local-colab-runtime", "example.org/me/notebook:3", KindJupyter, 9999),
		},
		{
			Sources{File: file, Flags: Flags{"profile": "pinned", "image": "other/image"}},
			plain("pinned", "local-pinned-runtime", "other/image", KindColab, 8888),
		},
	} {
		s, err := Load(c.from)
		if err != nil {
			t.Fatal(err)
		}
		if !s.Profile.Equal(c.want) {
			t.Errorf("got %+v, want %+v", s.Profile, c.want)
		}
	}
}

// TestShellWord passes the words of suggested commands through a shell.
func TestShellWord(t *testing.T) {
	testenv.NeedCommand(t, "bash")
	for _, word := range []string{
		"", "plain-1.2_3:/@", "two words", "it's", "$(id)`id`$HOME;id", `a\b"c`, "\x1b[2J", "new\nline 'and \"quotes\"\\", "\u202e\u200b\u2028", "\u009b31m", "\xff", "-\r\t\a",
	} {
		quoted := ShellWord(word)
		if quoted != i18n.Line(quoted) {
			t.Errorf("%q is to be written as %q", word, quoted)
		}
		run := exec.CommandContext(t.Context(), "bash", "-c", "printf %s "+quoted)
		run.Env = []string{"LC_ALL=C.UTF-8"}
		if got, err := run.Output(); err != nil || string(got) != word {
			t.Errorf("%q is written as %s, which bash takes for %q (%v)", word, quoted, got, err)
		}
	}
}

// TestShellWordOfWindows holds that no shell of Windows finds more than a word in it.
func TestShellWordOfWindows(t *testing.T) {
	for word, want := range map[string]string{
		`plain-1.2_3:/\`:       `plain-1.2_3:/\`,
		"@a,b%PATH%":           `"@a,b?PATH?"`,
		`C:\Users\Jo\My data`:  `"C:\Users\Jo\My data"`,
		`C:\My data\`:          `"C:\My data\\"`,
		"":                     `""`,
		`a" & calc & "`:        `"a? & calc & ?"`,
		"$(calc)`n!x!^":        `"?(calc)?n?x??"`,
		"\u201d; calc; \u201d": `"?; calc; ?"`,
		"two\nlines\x1b[2J":    `"two lines"`,
	} {
		if got := shellWord("windows", word); got != want {
			t.Errorf("%q is to be written as %s, want %s", word, got, want)
		}
	}
}

// TestCommandLine: a suggested command selects the same profile, in a terminal with the
// same settings file and environment.
func TestCommandLine(t *testing.T) {
	file := write(t, "profile = 'mine'\n[profiles.mine]\nport = 9999\n")
	for _, c := range []struct {
		from Sources
		want string
	}{
		{Sources{}, "colab-tray start --port 1"},
		{Sources{File: file}, "colab-tray start --port 1"},
		{Sources{File: file, Flags: Flags{"profile": "mine"}}, "colab-tray start --port 1"},
		{Sources{File: file, Flags: Flags{"profile": "jupyter"}}, "colab-tray start --profile jupyter --port 1"},
		{Sources{File: file, Env: env("COLAB_TRAY_PROFILE=jupyter")}, "colab-tray start --port 1"},
		{Sources{File: file, Env: env("COLAB_TRAY_PROFILE=jupyter"), Flags: Flags{"profile": "mine"}}, "colab-tray start --profile mine --port 1"},
		{Sources{Env: env("COLAB_TRAY_NAME=other")}, "colab-tray start --port 1"},
		{Sources{Flags: Flags{"name": "local-classic-runtime"}}, "colab-tray start --profile classic --port 1"},
		{Sources{Flags: Flags{"name": "other", "image": "some/image", "port": "2"}}, "colab-tray start --name other --image some/image --port 1"},
	} {
		s, err := Load(c.from)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Profile.CommandLine("start", "--port", "1"); got != c.want {
			t.Errorf("%q, not %q", got, c.want)
		}
	}
	s, err := Load(Sources{File: file, Flags: Flags{"name": "other"}})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"mine": "colab-tray stop", "classic": "colab-tray stop --profile classic"} {
		if got := s.Profiles[name].CommandLine("stop"); got != want {
			t.Errorf("of all profiles, %q, not %q", got, want)
		}
	}
	if got := Default().CommandLine("restore", "/it's/a file"); got != `colab-tray restore '/it'\''s/a file'` {
		t.Errorf("for a shell it is %s", got)
	}
}

// wantErrors loads texts and compares the error for each one, after the path of the
// file. The error must differ in every other language.
func wantErrors(t *testing.T, cases map[string]string) {
	t.Helper()
	t.Cleanup(func() { i18n.Use(i18n.English) })
	for text, want := range cases {
		file := write(t, text)
		_, err := Load(Sources{File: file})
		if err == nil || err.Error() != file+want {
			t.Errorf("%q:\n got %v\nwant %s", text, err, file+want)
			continue
		}
		var english, translated *Error
		errors.As(err, &english)
		for _, language := range i18n.Languages()[1:] {
			i18n.Use(language)
			_, again := Load(Sources{File: file})
			if !errors.As(again, &translated) || translated.Short == english.Short || translated.Hint == english.Hint && english.Hint != "" {
				t.Errorf("%q: in %s it is said as %v", text, language, again)
			}
		}
		i18n.Use(i18n.English)
	}
}

func TestErrors(t *testing.T) {
	const choose = "There are: classic, colab-cpu, colab-gpu, jupyter"
	const inProfile = "In [profiles.NAME] there are: name, image, kind, engine, port, ports, gpu, memory, cpus, shm_size, folders, env, env_file, packages, command, token, wake, idle_stop, platform, user, gpu_resource, node_selector, tolerations, pull_secret, storage_class, data_size"
	const inFile = "There are: profile, and the tables [profiles.NAME] and [preferences]"
	const number, quotes = "it has to be a whole number, without quotes", "it has to be text in quotes"
	const table = "it has to be a table, as in [profiles.NAME]"
	long := strings.Repeat("a", 60)
	wantErrors(t, map[string]string{
		"profil = 'x'":                             ":1: profil: there is no such setting. " + inFile,
		"\n\n[profiles.jupyter]\nprot = 1":         ":4: profiles.jupyter.prot: there is no such setting. " + inProfile,
		"[profiles.jupyter]\nport = 0":             ":2: profiles.jupyter.port: 0 is out of range. " + portHint,
		"[profiles.jupyter]\n\nport = 65536":       ":3: profiles.jupyter.port: 65536 is out of range. " + portHint,
		"profiles.jupyter.port = -1":               ":1: profiles.jupyter.port: -1 is out of range. " + portHint,
		"\nprofiles = {jupyter = {port = 0}}":      ":2: profiles.jupyter.port: 0 is out of range. " + portHint,
		"[profiles.jupyter]\nname = '-x'":          `:2: profiles.jupyter.name: "-x" cannot be the name of a container. ` + nameHint,
		"[profiles.jupyter]\nimage = 'UPPER CASE'": `:2: profiles.jupyter.image: "UPPER CASE" cannot be the name of an image. An image is named as in: quay.io/jupyter/base-notebook:latest`,
		"[profiles.jupyter]\nkind = 'julia'":       `:2: profiles.jupyter.kind: there is no kind "julia". Use "jupyter" or "colab"`,
		"profile = 'nope'":                         `:1: profile: there is no profile "nope". ` + choose,
		"[profiles.'a b']":                         `:1: profiles."a b": "a b" cannot be the name of a profile. ` + nameHint,
		"\nprofiles.'a b'.port = 1":                `:2: profiles."a b": "a b" cannot be the name of a profile. ` + nameHint,
		"[profiles.\"\\u001b[2J\"]":                `:1: profiles."\u001B[2J": "\x1b[2J" cannot be the name of a profile. ` + nameHint,
		"\n[profiles." + long + "]":                ":2: profiles." + long + `.name: "local-` + long + `-runtime" cannot be the name of a container. ` + nameHint,
		"[profiles.'a.b']\nport = 0":               `:2: profiles."a.b".port: 0 is out of range. ` + portHint,
		// Editors on Windows may save the file so, with a byte order mark or without.
		"\xff\xfe#\x00\n\x00":    ":1: it is not plain text, or in UTF-16. Save it as UTF-8",
		"\xfe\xff\x00#\x00\n":    ":1: it is not plain text, or in UTF-16. Save it as UTF-8",
		"#\x00\r\x00\n\x00#\x00": ":1: it is not plain text, or in UTF-16. Save it as UTF-8",
		"\x00#\x00\r\x00\n":      ":1: it is not plain text, or in UTF-16. Save it as UTF-8",
		// Errors name keys as they are written in the file.
		"Profile = 'jupyter'":                           ":1: Profile: there is no such setting. " + inFile,
		"[profiles.jupyter]\nPORT = 1":                  ":2: profiles.jupyter.PORT: there is no such setting. " + inProfile,
		"\nprofiles = {jupyter = {port = 1, Port = 2}}": ":2: profiles.jupyter.Port: there is no such setting. " + inProfile,
		"[[x]]":                 ":1: x: there is no such setting. " + inFile,
		"[profiles.jupyter.x]":  ":1: profiles.jupyter.x: there is no such setting. " + inProfile,
		"\"\\u001b[2J\" = 1":    `:1: "\u001B[2J": there is no such setting. ` + inFile,
		"port = 1\nimage = 'a'": ":1: port: there is no such setting. " + inFile,
		// Values of the wrong type.
		"[profiles.jupyter]\nport = 'x'":        ":2: profiles.jupyter.port: " + number,
		"[profiles.jupyter]\nport = 1.5":        ":2: profiles.jupyter.port: " + number,
		"[profiles.jupyter]\nport = true":       ":2: profiles.jupyter.port: " + number,
		"\nprofile = 7":                         ":2: profile: " + quotes,
		"[profiles.jupyter]\nimage = ['a']":     ":2: profiles.jupyter.image: " + quotes,
		"[profiles.jupyter]\nname = 1979-05-27": ":2: profiles.jupyter.name: " + quotes,
		"[profiles]\njupyter = 3":               ":2: profiles.jupyter: " + table,
		"profiles = 3":                          ":1: profiles: " + table,
		"[[profiles]]":                          ":1: profiles: " + table,
	})
	// Errors of the TOML library, which name the place themselves.
	for text, want := range map[string][]string{
		"[profiles.jupyter]\nport = 1\nport=2": {":3: ", "port: ", "already defined"},
		"profile = 'a'\nprofile = 'b'":         {":2: "},
		"profile = ":                           {":1: "},
		"profile = '\xff'":                     {":1: "},
		"[profiles.jupyter]\nport = 1e9999999": {":2: "},
	} {
		file := write(t, text)
		_, err := Load(Sources{File: file})
		for _, part := range want {
			if err == nil || !strings.HasPrefix(err.Error(), file+":") || !strings.Contains(err.Error(), part) {
				t.Errorf("%q: got %v, without %q", text, err, part)
			}
		}
	}
}

func TestErrorsOutsideTheFile(t *testing.T) {
	for _, c := range []struct {
		from Sources
		want string
		flag bool
	}{
		{Sources{Flags: Flags{"port": "0"}}, "--port: 0 is out of range. " + portHint, true},
		{Sources{Flags: Flags{"port": "http"}}, `--port: "http" is no port. ` + portHint, true},
		{Sources{Env: env("COLAB_TRAY_PORT=99999")}, "COLAB_TRAY_PORT: 99999 is out of range. " + portHint, false},
		{Sources{Flags: Flags{"name": ""}}, `--name: "" cannot be the name of a container. ` + nameHint, true},
		{Sources{Env: env("COLAB_TRAY_IMAGE=a b")}, `COLAB_TRAY_IMAGE: "a b" cannot be the name of an image. An image is named as in: quay.io/jupyter/base-notebook:latest`, false},
		{Sources{Flags: Flags{"profile": "x"}}, `--profile: there is no profile "x". There are: classic, colab-cpu, colab-gpu, jupyter`, true},
	} {
		_, err := Load(c.from)
		var e *Error
		if !errors.As(err, &e) || e.Error() != c.want || e.IsFlag() != c.flag {
			t.Errorf("got %v\nwant %s", err, c.want)
		}
	}
}

func TestUnreadableFiles(t *testing.T) {
	large := write(t, strings.Repeat("#", maxFile+1))
	for path, want := range map[string]string{
		t.TempDir(): "is a directory",
		large:       "larger than 1 MiB",
	} {
		_, err := Load(Sources{File: path})
		if err == nil || !strings.HasPrefix(err.Error(), path+": ") || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v", err)
		}
	}
}

// FuzzLoad: any file gives either settings in their range, or an error that names the
// file.
func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		"", "profile = 'jupyter'", "[profiles.a1]\nport = 1\nimage = 'a/b'", "profiles = {jupyter = {port = 0}}",
		"[[profiles]]", "profiles.x = 1", "profile = '''\n'''", "[profiles.jupyter]\nkind = \"colab\"",
		"[profiles.jupyter]\nmemory = '1.5gib'\ncpus = 2.5\nshm_size = 2_000_000\ngpu = ['0', 'GPU-1']\nplatform = 'linux/arm64'\nuser = 1000",
		"[profiles.jupyter]\ntoken = 'keep'\nidle_stop = '30m'\npackages = ['polars']\ncommand = ['jupyter', 'lab']\nenv_file = 'a.env'",
		"[[profiles.jupyter.folders]]\nhost = '~/a'\npath = '/b/c'\nread_only = true\n[profiles.jupyter.env]\nA = 'b'",
		"[profiles.a1]\nfolders = [\n  {host = '/x', path = '/y'}, # two\n  {host = '/x', path = '/y/../z'},\n]\nenv.A = 'b'",
		"[preferences]\nicon = 'dark'\nlanguage = 'de'\nclear_clipboard = '30s'\nnotifications = {ready = false, idle = true}",
		"preferences.stop_on_quit = true\npreferences.notifications.progress = false",
	} {
		f.Add([]byte(seed))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(dir, fmt.Sprintf("%d.toml", os.Getpid()))
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Load(Sources{File: path})
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.File != path || e.Line == 0 {
				t.Fatalf("error without its place: %#v", err)
			}
			return
		}
		for _, p := range s.Profiles {
			inRange(t, p)
		}
	})
}

// inRange reports whether a profile satisfies what is true of every profile.
func inRange(t *testing.T, p Profile) {
	t.Helper()
	good := containerName.MatchString(p.Runtime) && p.Port >= 1 && p.Port <= 65535 && p.Image != "" &&
		(p.Kind == KindColab || p.Kind == KindJupyter) &&
		(p.Memory == 0 || p.Memory >= minMemory) && (p.ShmSize == 0 || p.ShmSize >= minShmSize) &&
		(p.CPUs == 0 || p.CPUs >= minCPUs && p.CPUs <= maxCPUs) &&
		p.GPU.Count >= 0 && p.GPU.Count <= maxGPUs &&
		(p.Token == TokenFresh || p.Token == TokenKeep && p.Kind == KindJupyter) &&
		(!p.Wake || p.Token == TokenKeep) &&
		(p.IdleStop == 0 || p.IdleStop >= minIdleStop) &&
		(len(p.Packages) == 0 || p.Kind == KindJupyter) &&
		(p.User == "" || p.Kind == KindJupyter)
	paths := map[string]bool{}
	for _, f := range p.Folders {
		good = good && filepath.IsAbs(f.Host) && path.IsAbs(f.Path) && path.Clean(f.Path) == f.Path && f.Path != p.Kind.DataDir() && !paths[f.Path]
		paths[f.Path] = true
	}
	for _, v := range p.Env {
		good = good && variableName.MatchString(v.Name) && !slices.Contains(reserved, v.Name) && !strings.ContainsRune(v.Value.Reveal(), 0)
	}
	for _, argument := range slices.Concat(p.Packages, p.Command, p.GPU.IDs) {
		good = good && argument != "" && !strings.ContainsAny(argument, "\n\x00")
	}
	if !good {
		t.Fatalf("got %+v", p)
	}
}
