package config

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// fieldOf returns a field of a form.
func fieldOf(t *testing.T, f Form, place Place) Field {
	t.Helper()
	i := slices.IndexFunc(f.Fields, func(one Field) bool { return one.Place == place })
	if i < 0 {
		t.Fatalf("there is no field %s: %v", place, f.Broken)
	}
	return f.Fields[i]
}

// typedExamples has a valid value for each setting, as a person types it.
var typedExamples = map[Place]string{
	"file.profile": "classic", "profile.name": "mine", "profile.image": "quay.io/x/y:1", "profile.kind": "jupyter", "profile.engine": "ssh://me@gpubox", "profile.port": "9999",
	"profile.ports": "6006\n7860:7861", "profile.gpu": `["0", "GPU-uuid"]`, "profile.memory": "8g", "profile.cpus": "2.5", "profile.shm_size": "2g",
	"profile.env": "A=[redacted]\nB=two = 2", "profile.packages": "polars\nscikit-learn==1.5", "profile.command": "jupyter\nlab",
	"profile.token": "keep", "profile.wake": "false", "profile.idle_stop": "30m", "profile.platform": "linux/arm64", "profile.user": "root",
	"profile.gpu_resource": "amd.com/gpu", "profile.node_selector": "pool=gpu\nfast=", "profile.tolerations": "nvidia.com/gpu:NoSchedule",
	"profile.pull_secret": "registry", "profile.storage_class": "fast-ssd", "profile.data_size": "50g",
	"preferences.start_at_open": "true", "preferences.stop_on_quit": "true", "preferences.icon": "dark", "preferences.language": "de",
	"preferences.clear_clipboard": "30s", "notifications.ready": "false", "notifications.url_changed": "false", "notifications.stopped": "false",
	"preferences.newer_image": "false", "notifications.newer_image": "false",
	"notifications.failed": "false", "notifications.idle": "false", "notifications.progress": "false",
}

// TestFormWritesEachSetting: each setting is written and read back, then removed, and
// each other line of the file stays, comments too.
func TestFormWritesEachSetting(t *testing.T) {
	const text = "# mine\n[profiles.jupyter] # p\nenv = {A = 'a'}\n# between\n[preferences] # q\n# end\n"
	path := write(t, text)
	e := Editor{File: path}
	for _, f := range e.Form("jupyter").Fields {
		typed, has := typedExamples[f.Place]
		if !has {
			if f.Place != "profile.folders" && f.Place != "profile.env_file" {
				t.Errorf("no example of %s", f.Place)
			}
			continue
		}
		if f.Text == "" || f.Stated != (f.Place == "profile.env") {
			t.Errorf("%s is %+v", f.Place, f)
		}
		if err := e.Try("jupyter", f.Place, typed); err != nil || read(t, path) != text {
			t.Errorf("%s: trying it: %v, %q", f.Place, err, read(t, path))
		}
		if err := e.Put("jupyter", f.Place, typed); err != nil {
			t.Errorf("%s: %v", f.Place, err)
			continue
		}
		form := e.Form("jupyter")
		want := strings.ReplaceAll(typed, "two = 2", "[redacted]")
		if got := fieldOf(t, form, f.Place); got.Value != want || !got.Stated || got.Default != f.Default {
			t.Errorf("%s = %q is read back as %+v", f.Place, typed, got)
		}
		if _, err := Load(Sources{File: path}); err != nil {
			t.Errorf("%s: %v", f.Place, err)
		}
		for _, line := range strings.SplitAfter(strings.Replace(text, "env = {A = 'a'}\n", "", 1), "\n") {
			if !strings.Contains(read(t, path), line) {
				t.Errorf("%s: %q is gone from %q", f.Place, line, read(t, path))
			}
		}
		if f.Place == "profile.env" {
			if !strings.Contains(read(t, path), `env = {A = 'a', B = "two = 2"}`) {
				t.Errorf("the variables are %q", read(t, path))
			}
		} else if err := e.Unset("jupyter", f.Place); err != nil || fieldOf(t, e.Form("jupyter"), f.Place).Stated {
			t.Errorf("%s: removing it: %v, %q", f.Place, err, read(t, path))
		} else if got := read(t, path); got != text && f.Place != "file.profile" && !strings.HasPrefix(string(f.Place), "notifications.") {
			t.Errorf("%s: the file is %q", f.Place, got)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFormEnvFile: a relative path starts at the settings file.
func TestFormEnvFile(t *testing.T) {
	path := write(t, "")
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "secrets.env"), []byte("A=b\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	e := Editor{File: path}
	if err := e.Put("jupyter", "profile.env_file", "none.env"); err == nil {
		t.Error("a file that is not there is written")
	}
	if err := e.Put("jupyter", "profile.env_file", "secrets.env"); err != nil {
		t.Error(err)
	}
	if f := fieldOf(t, e.Form("jupyter"), "profile.env_file"); f.Value != "secrets.env" {
		t.Errorf("the field is %+v", f)
	}
}

// TestFormRefuses: what the file's reader refuses is not written, and nothing that is
// typed gets out of its value.
func TestFormRefuses(t *testing.T) {
	const text = "# mine\n[profiles.jupyter]\nenv = {A = 'hunter2'}\n"
	path := write(t, text)
	e := Editor{File: path}
	for _, c := range []struct {
		profile string
		place   Place
		typed   string
	}{
		{"jupyter", "profile.port", "0"},
		{"jupyter", "profile.port", "80.5"},
		{"jupyter", "profile.port", "1\nimage = \"evil\""},
		{"jupyter", "profile.port", `"1"`},
		{"jupyter", "profile.cpus", "nan"},
		{"jupyter", "profile.cpus", "inf"},
		{"jupyter", "profile.image", "a\"\nport = 1\nx = \""},
		{"jupyter", "profile.memory", "8"},
		{"jupyter", "profile.token", "hunter2"},
		{"jupyter", "profile.packages", "a\n-e ."},
		{"jupyter", "profile.packages", "['a', ['b']]"},
		{"jupyter", "profile.gpu", "[1979-05-27]"},
		{"jupyter", "profile.packages", "[07:32:00]\n-e x"},
		{"jupyter", "profile.env", "A"},
		{"jupyter", "profile.env", "=x"},
		{"jupyter", "profile.env", "A=1\nA=2"},
		{"jupyter", "profile.env", "B=[redacted]"},
		{"jupyter", "profile.env", "PATH=/x"},
		{"jupyter", "profile.env", "A B=1"},
		{"jupyter", "profile.env", "A=\x00"},
		{"jupyter", "profile.folders", "/"},
		{"jupyter", "profile.other", "1"},
		{"jupyter", "other", "1"},
		{"jupyter", "", ""},
		{"jupyter", "notifications.ready", "yes"},
		{"jupyter", "preferences.language", "xx"},
		{"jupyter", "file.profile", "none"},
		{"none", "profile.port", "1"},
		{"a\"]\n[x", "profile.port", "1"},
	} {
		var wrong *Error
		if err := e.Try(c.profile, c.place, c.typed); !errors.As(err, &wrong) || wrong.Short == "" || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s %s %q: trying it gives %v", c.profile, c.place, c.typed, err)
		}
		if err := e.Put(c.profile, c.place, c.typed); !errors.As(err, &wrong) || read(t, path) != text {
			t.Errorf("%s %s %q: %v, %q", c.profile, c.place, c.typed, err, read(t, path))
		}
	}
	if form := e.Form("none"); form.Profile != DefaultProfile || len(form.Profiles) != len(BuiltIn()) {
		t.Errorf("the form of no profile is %+v", form)
	}
	for _, f := range e.Form("jupyter").Fields {
		if strings.Contains(f.Value, "hunter2") {
			t.Errorf("%s shows the secret", f.Place)
		}
	}
}

// TestFormOfABrokenFile tells what is wrong, and writes nothing.
func TestFormOfABrokenFile(t *testing.T) {
	path := write(t, "profile = 'jupyter'\nport = 1\n")
	e := Editor{File: path}
	if form := e.Form("jupyter"); form.Broken == nil || form.Broken.Line != 2 || len(form.Fields) > 0 {
		t.Errorf("the form is %+v", form)
	}
	if err := e.Put("jupyter", "profile.port", "1"); err == nil {
		t.Error("a broken file is written")
	}
}

func TestOverrides(t *testing.T) {
	got := Sources{Flags: Flags{"port": "1"}, Env: env("COLAB_TRAY_PORT=2", "COLAB_TRAY_IMAGE=x", "COLAB_TRAY_NAME=")}.Overrides()
	if want := map[Place]string{"profile.port": "--port", "profile.image": "COLAB_TRAY_IMAGE"}; !maps.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

// FuzzTyped: what a form shows for a value stands for that value, and what is typed is
// either refused or stays within its value.
func FuzzTyped(f *testing.F) {
	for _, text := range []string{"", "x", `"`, "'", "[", "[1]", "[1979-05-27]", "['a', nan, {b = 1}]", `"a"`, " a ", "a\nb", "\\", "1", "1.5", "0x1", "[redacted]", "\ufeff", "\x00"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ToValidUTF8(text, "")
		for _, s := range profileTable.settings {
			if s.input != InputText && s.input != InputLines {
				continue
			}
			var v any = text
			if s.input == InputLines {
				v = []any{text, "x"}
			}
			if got := s.typed(s.textOf(v)); !same(map[string]any{"v": got}, map[string]any{"v": v}) && text != "" {
				t.Errorf("%s: %#v is shown as %q, which is %#v", s.key, v, s.textOf(v), got)
			}
			x := newIndex([]byte("v = " + encode(s.typed(text))))
			if x.err != nil || len(x.root.table) != 1 {
				t.Errorf("%s: %q is written as %s", s.key, text, encode(s.typed(text)))
			}
		}
	})
}

// TestFormElsewhere: what only another kind of engine reads is told from the rest.
func TestFormElsewhere(t *testing.T) {
	path := write(t, "[profiles.there]\nengine = \"kubernetes://\"\n[profiles.box]\nengine = \"ssh://gpubox\"\n")
	e := Editor{File: path}
	for profile, want := range map[string]string{
		"there": "profile.folders",
		"box":   "profile.gpu_resource profile.node_selector profile.tolerations profile.pull_secret profile.storage_class profile.data_size",
	} {
		var elsewhere []string
		for _, f := range e.Form(profile).Fields {
			if f.Elsewhere {
				elsewhere = append(elsewhere, string(f.Place))
			}
		}
		if got := strings.Join(elsewhere, " "); got != want {
			t.Errorf("for another engine than that of %s are %s", profile, got)
		}
	}
}
