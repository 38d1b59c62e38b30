package app

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"colabtray/internal/cli"
	"colabtray/internal/config"
	"colabtray/internal/problem"
	"colabtray/internal/runtime"
	"colabtray/test/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// settingsEnv is a program that follows a settings file, without an engine.
type settingsEnv struct {
	*fleetSession
	t    *testing.T
	file string
}

// newSettingsEnv starts the program with flags and an environment.
func newSettingsEnv(t *testing.T, text string, flags config.Flags, env map[string]string) *settingsEnv {
	t.Helper()
	t.Setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
	d := &settingsEnv{t: t, file: testenv.WriteSettings(t, config.File, text)}
	var args []string
	for flag, value := range flags {
		args = append(args, "--"+flag, value)
	}
	program := &cli.Program{
		Stdout: io.Discard, Stderr: io.Discard, Engine: newEngine,
		LookupEnv: func(name string) (string, bool) {
			v, set := env[name]
			return v, set
		},
		Tray: func(_ context.Context, start cli.Start) error {
			settings, err := start.Settings()
			if err != nil {
				return err
			}
			d.fleetSession = openFleet(start, settings, runtime.Options{})
			return nil
		},
	}
	if code := program.Run(t.Context(), args); code != 0 {
		t.Fatalf("the program ended with %d", code)
	}
	d.Run(d.fleet.Run, func(ctx context.Context) { d.settings.Follow(ctx, d.fleet) })
	t.Cleanup(d.Close)
	return d
}

// until waits for an overview.
func (d *settingsEnv) until(what string, is func(runtime.Overview) bool) runtime.Overview {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), time.Minute)
	defer cancel()
	var last runtime.Overview
	for last = range d.fleet.Watch(ctx) {
		if is(last) {
			return last
		}
	}
	d.t.Fatalf("waited for %s in vain; it is %+v", what, last)
	return last
}

func (d *settingsEnv) current(profile string) {
	d.t.Helper()
	d.until(profile+" to be current", func(o runtime.Overview) bool { return o.Current == profile })
}

func TestFlagsAndEnvironmentKeepWinning(t *testing.T) {
	name := "given"
	d := newSettingsEnv(t, "profile = 'one'\n[profiles.one]\nport = 1001\n", config.Flags{"name": name}, map[string]string{"COLAB_TRAY_PORT": "1234"})
	given := func(o runtime.Overview) bool {
		s, _ := o.Of("one")
		return s.Runtime == "given" && s.Port == 1234
	}
	if o := d.fleet.Overview(); o.Current != "one" || !given(o) {
		t.Fatalf("at first it is %+v", o)
	}
	testenv.WriteSettings(t, config.File, "profile = 'two'\n[profiles.one]\nport = 1001\nimage = 'other'\n[profiles.two]\nport = 1002\n")
	d.current("two")
	o := d.until("the other image", func(o runtime.Overview) bool { s, _ := o.Of("one"); return s.Image == "other" })
	if two, _ := o.Of("two"); !given(o) || two.Runtime != "local-two-runtime" || two.Port != 1002 {
		t.Errorf("what was given at the start is not that of one profile: %+v", o)
	}
	testenv.WriteSettings(t, config.File, "")
	d.current(config.DefaultProfile) // the one that it was given for is gone
	if s := d.fleet.Overview().Runtime(); s.Runtime != config.DefaultRuntime {
		t.Errorf("it is that of another: %+v", s)
	}
}

func TestAGivenProfileIsNotTheFiles(t *testing.T) {
	d := newSettingsEnv(t, "[profiles.one]\n", config.Flags{}, map[string]string{"COLAB_TRAY_PROFILE": "classic"})
	testenv.WriteSettings(t, config.File, "profile = 'one'\n[profiles.one]\n[profiles.two]\n")
	o := d.until("the new profile", func(o runtime.Overview) bool { _, is := o.Of("two"); return is })
	if o.Current != "classic" {
		t.Errorf("the current one is %s", o.Current)
	}
}

func TestABrokenFileLeavesTheLastGoodSettings(t *testing.T) {
	d := newSettingsEnv(t, "[profiles.one]\nport = 1001\n", config.Flags{}, nil)
	testenv.WriteSettings(t, config.File, "[profiles.one]\nport = 1002\n[profiles.two]\nport = 'x'\n")
	o := d.until("the problem", func(o runtime.Overview) bool { return o.Settings != nil })
	p := o.Settings
	if p.Code != problem.Settings || !strings.Contains(p.Short, "line 4") || !strings.HasPrefix(p.Hint, "profiles.two.port: ") {
		t.Errorf("the problem is %+v", p)
	}
	if s, _ := o.Of("one"); s.Port != 1001 {
		t.Errorf("the settings are %+v", s)
	}
	var saved *problem.Problem
	if err := d.SetStopOnQuit(true); !errors.As(err, &saved) || !strings.HasPrefix(saved.Hint, "profiles.two.port: ") {
		t.Errorf("a choice in a broken file: %v", err)
	}
	if err := d.Select(t.Context(), "classic"); !errors.As(err, &saved) {
		t.Errorf("a choice in a broken file: %v", err)
	}
	d.current("classic") // for now
	testenv.WriteSettings(t, config.File, "[profiles.one]\nport = 1002\n")
	o = d.until("it to be mended", func(o runtime.Overview) bool {
		s, _ := o.Of("one")
		return o.Settings == nil && s.Port == 1002
	})
	if o.Current != "classic" {
		t.Errorf("mended, it is %+v", o)
	}
}

func TestAFileThatIsBrokenAtTheStart(t *testing.T) {
	d := newSettingsEnv(t, "profile = 'one'\n[profiles.one]\nprot = 1001\n", config.Flags{}, map[string]string{"COLAB_TRAY_PORT": "1234"})
	o := d.until("the problem", func(o runtime.Overview) bool { return o.Settings != nil })
	if o.Current != config.DefaultProfile || o.Runtime().Port != 1234 {
		t.Errorf("it began with %+v", o)
	}
	testenv.WriteSettings(t, config.File, "profile = 'one'\n[profiles.one]\nport = 1001\n")
	d.until("it to be mended, and what was given to be that of one profile", func(o runtime.Overview) bool {
		s, _ := o.Of(config.DefaultProfile)
		return o.Settings == nil && o.Current == "one" && o.Runtime().Port == 1234 && s.Port == config.DefaultPort
	})
}

func TestChoicesAreKept(t *testing.T) {
	d := newSettingsEnv(t, "# mine\n[profiles.one]\n", config.Flags{}, nil)
	if d.KeepsURL() || d.StartsAtOpen() || d.StopsOnQuit() {
		t.Error("something is chosen at first")
	}
	if err := d.Select(t.Context(), "one"); err != nil {
		t.Fatal(err)
	}
	for _, choose := range []func(bool) error{d.SetKeepURL, d.SetStartAtOpen, d.SetStopOnQuit} {
		if err := choose(true); err != nil {
			t.Fatal(err)
		}
	}
	late := time.After(time.Minute)
	for !d.KeepsURL() || !d.StartsAtOpen() || !d.StopsOnQuit() {
		select {
		case <-d.SettingsChanged():
		case <-late:
			t.Fatal("the choices are not in force")
		}
	}
	d.current("one")
	again, err := config.Load(config.Sources{File: d.file})
	if err != nil || again.Profile.Name != "one" || again.Profile.Token != config.TokenKeep || !again.Preferences.StopOnQuit {
		t.Errorf("the file has %+v, %v", again, err)
	}
	if text, err := os.ReadFile(d.file); err != nil || !strings.Contains(string(text), "# mine\n") {
		t.Errorf("the file is %s, %v", text, err)
	}
}

func TestEditSettingsMakesTheFile(t *testing.T) {
	d := newSettingsEnv(t, "", config.Flags{}, nil)
	if err := os.Remove(d.file); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		opened := ""
		err := d.EditSettings(t.Context(), func(_ context.Context, path string) error { opened = path; return nil })
		if text, readErr := os.ReadFile(opened); err != nil || readErr != nil || string(text) != string(config.DefaultFile()) {
			t.Errorf("opened %q: %v, %v", opened, err, readErr)
		}
	}
}

// TestAddFolder: a folder that was chosen comes into the settings file and is in force;
// what few people mean to open is left to the guide.
func TestAddFolder(t *testing.T) {
	d := newSettingsEnv(t, "# mine\n", config.Flags{}, nil)
	short, hint, err := d.addChosen(t.Context(), "classic", "/srv/my data")
	if err != nil || short != "Added: /srv/my data" || hint != "The next start applies it." {
		t.Errorf("%q, %q, %v", short, hint, err)
	}
	testenv.WaitFor(t, "the folder in force", func() error {
		if _, profiles := d.settings.Current(); len(profiles["classic"].Folders) != 1 {
			return errors.New("not yet")
		}
		return nil
	})
	before, err := os.ReadFile(d.file)
	if err != nil || !strings.HasPrefix(string(before), "# mine\n") {
		t.Errorf("the file is\n%s%v", before, err)
	}
	for host, why := range map[string]string{"/": "whole disk", "/other/my data": "wo folders are at /home/jovyan/my data", "/srv/.hidden": "shows no folder"} {
		var p *problem.Problem
		if _, _, err := d.addChosen(t.Context(), "classic", host); !errors.As(err, &p) || !strings.Contains(p.Hint, why) {
			t.Errorf("%s: %v", host, err)
		}
	}
	if after, err := os.ReadFile(d.file); err != nil || string(after) != string(before) {
		t.Errorf("the file is\n%s%v", after, err)
	}
}

// TestARenamedProfileKeepsItsRuntime: the window of the runtime goes on, and after the
// profile is removed the default one is current.
func TestARenamedProfileKeepsItsRuntime(t *testing.T) {
	d := newSettingsEnv(t, "profile = \"mine\"\n[profiles.mine]\n", config.Flags{}, nil)
	d.current("mine")
	before, err := d.fleet.Manager("mine")
	if err != nil {
		t.Fatal(err)
	}
	e := config.Editor{File: d.file}
	if err := e.RenameProfile("mine", "yours"); err != nil {
		t.Fatal(err)
	}
	d.current("yours")
	if after, err := d.fleet.Manager("yours"); err != nil || after != before || after.Profile().Runtime != "local-mine-runtime" {
		t.Errorf("its runtime is %+v, %v", after.Profile(), err)
	}
	if err := e.RemoveProfile("yours"); err != nil {
		t.Fatal(err)
	}
	d.current(config.DefaultProfile)
}
