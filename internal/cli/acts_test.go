package cli

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/problem"
	"colabtray/internal/runtime"
	"colabtray/test/testenv"
)

// TestEngineIsKept: the engine that an act keeps in the settings is used by who follows the
// file, and told to who does not.
func TestEngineIsKept(t *testing.T) {
	testenv.Takes(t, "a Podman is started")
	podman := testenv.Podman(t)
	in := &invocation{Program: &Program{Engine: dockerEngine, Stderr: io.Discard, LookupEnv: func(string) (string, bool) { return "", false }}}
	t.Setenv("DOCKER_HOST", "unix:///nowhere/docker.sock") // what Docker has left
	testenv.WriteSettings(t, config.File, "profile = \"mine\"\n[profiles.mine]\nname = \""+podman.RuntimeName(t)+"\"\n")

	settings, err := in.readSettings()
	if err != nil {
		t.Fatal(err)
	}
	preferences, profiles := settings.Current()
	c := in.connect(runtime.Options{}, preferences)
	fleet := c.Fleet(profiles, settings.Chosen())
	c.Run(fleet.Run, func(ctx context.Context) { settings.Follow(ctx, fleet) })
	defer c.Close()
	m, err := fleet.Manager("mine")
	if err != nil {
		t.Fatal(err)
	}
	alone, err := in.open()
	if err != nil {
		t.Fatal(err)
	}
	defer alone.Close()

	if err := c.Session(m, settings).keepEngine(podman.Host()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	last := runtime.Snapshot{}
	for o := range fleet.Watch(ctx) {
		if last = o.Runtime(); last.State == runtime.Absent {
			break
		}
	}
	if last.State != runtime.Absent || last.Engine.Name != "Podman" || last.Engine.Found != engine.FoundInSetting {
		t.Errorf("with the engine that was kept it is %s at %+v", last.State, last.Engine)
	}
	var p *problem.Problem
	if err := alone.keepEngine(podman.Host()); !errors.As(err, &p) || p.Code != problem.Settings {
		t.Errorf("who follows no file is told %v", err)
	}
}
