package runtime

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/data"
	"colabtray/internal/engine"
)

// shelf is an engine that keeps containers and volumes in memory. It does what it
// is asked for as long as the context has not ended, and can end that itself.
type shelf struct {
	engine.Engine
	engine.Volumes
	containers map[string]*engine.Container // by ID
	volumes    map[string]bool

	// afterCreate runs when a container was made; then Create returns its error.
	afterCreate func() error
}

func newShelf(containers ...engine.Container) *shelf {
	s := &shelf{containers: map[string]*engine.Container{}, volumes: map[string]bool{}}
	for _, c := range containers {
		c.Exists = true
		s.containers[c.ID] = &c
	}
	return s
}

// has lists the containers, by name and ID, with a + where one runs, and the volumes.
func (s *shelf) has() string {
	var all []string
	for id, c := range s.containers {
		entry := c.Name + "=" + id
		if c.Running {
			entry += "+"
		}
		all = append(all, entry)
	}
	all = slices.AppendSeq(all, maps.Keys(s.volumes))
	slices.Sort(all)
	return strings.Join(all, " ")
}

// with calls do with the container of that name or ID.
func (s *shelf) with(ctx context.Context, name string, do func(*engine.Container)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for id, c := range s.containers {
		if id == name || c.Name == name {
			do(c)
			return nil
		}
	}
	return engine.ErrNotFound
}

func (s *shelf) Inspect(ctx context.Context, name string) (found engine.Container, err error) {
	err = s.with(ctx, name, func(c *engine.Container) { found = *c })
	if errors.Is(err, engine.ErrNotFound) {
		err = nil
	}
	return found, err
}

func (s *shelf) Named(ctx context.Context, runtime string) (map[string]string, error) {
	ids := map[string]string{}
	for id, c := range s.containers {
		if c.Ours() && c.Labels[engine.LabelRuntime] == runtime {
			ids[c.Name] = id
		}
	}
	return ids, ctx.Err()
}

func (s *shelf) Create(ctx context.Context, spec engine.Spec) (made engine.Created, err error) {
	if err := ctx.Err(); err != nil {
		return made, err
	}
	made.Volume = !s.volumes[spec.Volume]
	s.volumes[spec.Volume] = true
	c := spec.Container("made")
	c.Exists = true
	s.containers[c.ID] = &c
	if err := s.afterCreate(); err != nil {
		return made, err
	}
	made.ID = c.ID
	return made, nil
}

func (s *shelf) Start(ctx context.Context, id string) error {
	return s.with(ctx, id, func(c *engine.Container) { c.Running, c.StartedAt = true, time.Unix(1, 0) })
}

func (s *shelf) Stop(ctx context.Context, id string, _ time.Duration) error {
	return s.with(ctx, id, func(c *engine.Container) { c.Running = false })
}

func (s *shelf) Rename(ctx context.Context, id, name string) error {
	return s.with(ctx, id, func(c *engine.Container) { c.Name = name })
}

func (s *shelf) Remove(ctx context.Context, id string) error {
	return s.with(ctx, id, func(c *engine.Container) { delete(s.containers, c.ID) })
}

func (s *shelf) EnsureVolume(ctx context.Context, spec engine.Spec) (bool, error) {
	made := !s.volumes[spec.Volume]
	s.volumes[spec.Volume] = true
	return made, ctx.Err()
}

// Helpers implements [Volumes]: there are none.
func (s *shelf) Helpers(ctx context.Context, _ string) ([]engine.Helper, error) {
	return nil, ctx.Err()
}

func (s *shelf) RemoveVolume(ctx context.Context, name string) error {
	delete(s.volumes, name)
	return ctx.Err()
}

// Image implements [Engine]: each image is there.
func (s *shelf) Image(ctx context.Context, _, _ string) (engine.ImageInfo, error) {
	return engine.ImageInfo{ID: "image"}, ctx.Err()
}

// on returns an operation on the runtime r with that engine.
func (s *shelf) on() *operation {
	o := &operation{engine: s, profile: config.Default(), openGate: noGate, data: &data.Store{Options: data.Options{Engine: s, Log: slog.New(slog.DiscardHandler)}}}
	o.profile.Runtime, o.profile.Kind = "r", config.KindColab // which nothing is put into
	o.data.Profile = o.profile
	return o
}

// TestUndoStart: what a start that failed has made goes, and nothing else.
func TestUndoStart(t *testing.T) {
	t.Parallel()
	ran := time.Unix(1, 0)
	ours := asOurs(engine.Container{ID: "1"}, "r")
	ours.Labels = engine.WithUniqueLabel(ours.Labels)
	mark := ours.Labels[engine.LabelMade]
	running, ended := ours, ours
	running.Running, running.StartedAt, ended.StartedAt = true, ran, ran
	another, foreign := asOurs(ours, "r"), engine.Container{ID: "1", Name: "r", Labels: ours.Labels}
	for name, c := range map[string]struct {
		there     []engine.Container
		oldVolume bool
		want      string
	}{
		"as it was made":              {there: []engine.Container{ours}, want: ""},
		"in a volume that was there":  {there: []engine.Container{ours}, oldVolume: true, want: "r-data"},
		"not made":                    {want: ""},
		"not made, the volume is old": {oldVolume: true, want: "r-data"},
		"it runs":                     {there: []engine.Container{running}, want: "r-data r=1"},
		"it ran":                      {there: []engine.Container{ended}, want: "r-data r=1"},
		"somebody else's":             {there: []engine.Container{foreign}, want: "r-data r=1"},
		"another program's of ours":   {there: []engine.Container{another}, want: "r-data r=1"},
	} {
		s := newShelf(c.there...)
		s.volumes["r-data"] = true
		err := s.on().undo(t.Context(), mark, !c.oldVolume)
		if got := s.has(); err != nil || got != c.want {
			t.Errorf("%s: there is %q, want %q (%v)", name, got, c.want, err)
		}
	}
}

// overtaken is an engine at which somebody else makes a container just before it
// is asked to make one.
type overtaken struct {
	engine.Engine
	by func()
}

func (e overtaken) Unwrap() engine.Engine { return e.Engine }

func (e overtaken) Create(ctx context.Context, spec engine.Spec) (engine.Created, error) {
	e.by()
	return e.Engine.Create(ctx, spec)
}

// TestNameIsTakenMeanwhile: somebody else, or this program a second time, makes a
// container of that name after it was seen that there is none.
func TestNameIsTakenMeanwhile(t *testing.T) {
	oneEngine(t, func(t *testing.T, r *rig) {
		name := r.profile.Runtime
		r.Open()
		r.untilState(Absent)
		for who, label := range map[string]string{"somebody else": "theirs", "another program of ours": engine.LabelRuntime} {
			d := r.data(nil)
			o := &operation{profile: r.profile, server: r.server, openGate: noGate, progress: func(engine.Progress) {}, pulled: func() {}, data: d}
			made := ""
			o.engine = overtaken{d.Engine, func() {
				made = r.docker("create", "--name", name, "--label", label+"="+name, "--volume", r.profile.Volume()+":/home/jovyan", r.profile.Image)
			}}
			if err := o.Run(t.Context(), start); err == nil {
				t.Errorf("%s: it started", who)
			}
			if left := r.docker("ps", "-aq", "--no-trunc", "--filter", "name=^/?"+name+"$"); left != made {
				t.Errorf("%s: the container was %q, and is %q", who, made, left)
			}
			if !r.HasVolume() {
				t.Errorf("%s: the volume is gone", who)
			}
			r.docker("rm", "--force", name)
			r.docker("volume", "rm", "--force", r.profile.Volume())
		}
	})
}

// noGate is for operations without a manager, which would have the gateway.
func noGate(int) error { return nil }
