package runtime

import (
	"context"
	"io"
	"maps"
	"slices"
	"sync"

	"colabtray/internal/config"
	"colabtray/internal/problem"
)

// Fleet manages the runtimes of all profiles. Several runtimes can run at once. One
// profile is the current profile, which the tray shows and acts on. The goroutine
// of [Fleet.Run] owns the set of profiles; everybody else gets overviews.
//
// Several profiles may name the same container of the same engine. Then they are
// alternative settings for one runtime: the current profile is in force, else the profile that was used
// last, else the first profile by name. Several profiles may have the same port. A
// start fails with a problem if another runtime uses the port.
type Fleet struct {
	links   *Links
	options Options

	requests chan func(context.Context)
	changed  chan struct{} // a snapshot has changed since the last overview
	ended    chan struct{} // closed when Run returns

	mu       sync.Mutex
	overview Overview
	watchers watchers[Overview]

	// Only the owning goroutine uses these.
	profiles map[string]config.Profile
	current  string
	broken   *problem.Problem
	entries  map[ID]*entry
	leaving  map[ID]*entry // entries whose profiles are gone and whose managers are ending
	running  sync.WaitGroup
}

// entry is one runtime of the fleet.
type entry struct {
	*Manager
	profile config.Profile // in force
	cancel  context.CancelFunc
}

// NewFleet returns a fleet of the profiles, which are by name. If there is no profile
// named current, another one becomes current as in [Fleet.Update].
func NewFleet(ls *Links, profiles map[string]config.Profile, current string, o Options) *Fleet {
	f := &Fleet{
		links:    ls,
		options:  o,
		requests: make(chan func(context.Context)),
		changed:  make(chan struct{}, 1),
		ended:    make(chan struct{}),
		watchers: watchers[Overview]{},
		current:  current,
		entries:  map[ID]*entry{},
		leaving:  map[ID]*entry{},
	}
	join, _ := f.applyProfiles(profiles)
	changeLinks(join, nil)
	f.overview = f.buildOverview()
	f.overview.Rev = 1
	return f
}

// Run manages the runtimes until ctx ends. It returns when all their work has ended.
func (f *Fleet) Run(ctx context.Context) {
	defer close(f.ended)
	defer f.running.Wait()
	for _, e := range f.entries {
		f.startManager(ctx, e)
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.changed:
			f.publish()
		case change := <-f.requests:
			change(ctx)
		}
	}
}

// startManager runs the manager of an entry until the entry leaves or ctx ends. A
// runtime that returns starts once its previous manager has finished.
func (f *Fleet) startManager(ctx context.Context, e *entry) {
	id := idOf(e.profile)
	if previous := f.leaving[id]; previous != nil {
		<-previous.ended
		delete(f.leaving, id)
	}
	ctx, e.cancel = context.WithCancel(ctx)
	f.running.Go(func() {
		defer f.links.Release(id.Engine)
		e.Run(ctx)
	})
}

// apply runs a function in the owning goroutine, and returns true when the new
// overview is published. It returns false if Run has returned. Before Run it
// blocks.
func (f *Fleet) apply(change func(context.Context)) bool {
	done := make(chan struct{})
	select {
	case f.requests <- func(ctx context.Context) {
		change(ctx)
		f.publish()
		close(done)
	}:
		<-done
		return true
	case <-f.ended:
		return false
	}
}

// Update replaces the profiles. It adds new runtimes, removes those that no profile
// names any more, and gives the others their new settings. It changes no container.
// If the current profile is gone, the default profile becomes current, else the
// first profile by name. Update also ends the problem of [Fleet.Broken].
func (f *Fleet) Update(profiles map[string]config.Profile) {
	f.apply(func(ctx context.Context) {
		join, leaving := f.applyProfiles(profiles)
		f.broken = nil
		for _, e := range join {
			f.startManager(ctx, e)
		}
		changeLinks(join, leaving)
		for _, e := range leaving {
			e.cancel()
			f.leaving[idOf(e.profile)] = e
		}
	})
}

// TellNewerImages switches on or off that registries are asked for newer images, and
// that those are told.
func (f *Fleet) TellNewerImages(on bool) { f.options.News.Set(on) }

// Broken stores the problem that the settings cannot be read. Overviews show it until
// the next [Fleet.Update]. The profiles stay as they are.
func (f *Fleet) Broken(p *problem.Problem) {
	f.apply(func(context.Context) { f.broken = p })
}

// Select makes a profile the current profile. It returns a *[problem.Problem] if there
// is no such profile.
func (f *Fleet) Select(profile string) error {
	_, err := f.find(profile, func() { f.current = profile })
	return err
}

// Manager returns the manager of a profile's runtime, and puts the profile into
// force. It returns a *[problem.Problem] if there is no such profile.
func (f *Fleet) Manager(profile string) (*Manager, error) {
	return f.find(profile, func() {})
}

// Start is [Manager.Start] for the runtime of a profile.
func (f *Fleet) Start(ctx context.Context, profile string) error {
	return f.withManager(profile, func(m *Manager) error { return m.Start(ctx) })
}

// Stop is [Manager.Stop] for the runtime of a profile.
func (f *Fleet) Stop(ctx context.Context, profile string) error {
	return f.withManager(profile, func(m *Manager) error { return m.Stop(ctx) })
}

// Restart is [Manager.Restart] for the runtime of a profile.
func (f *Fleet) Restart(ctx context.Context, profile string) error {
	return f.withManager(profile, func(m *Manager) error { return m.Restart(ctx) })
}

// Logs is [Manager.Logs] for the runtime of a profile.
func (f *Fleet) Logs(ctx context.Context, profile string, w io.Writer, options LogOptions) error {
	return f.withManager(profile, func(m *Manager) error { return m.Logs(ctx, w, options) })
}

func (f *Fleet) withManager(profile string, action func(*Manager) error) error {
	m, err := f.find(profile, func() {})
	if err != nil {
		return err
	}
	return action(m)
}

// find puts a profile into force, calls then in the owning goroutine, and returns the
// manager of the profile's runtime.
func (f *Fleet) find(profile string, then func()) (m *Manager, err error) {
	err = context.Canceled // remains if Run has returned
	f.apply(func(context.Context) {
		p, known := f.profiles[profile]
		if !known {
			err = asError(noProfileProblem(profile))
			return
		}
		e := f.entries[idOf(p)]
		e.setProfile(p)
		then()
		m, err = e.Manager, nil
	})
	return m, err
}

// setProfile puts a profile into force.
func (e *entry) setProfile(p config.Profile) {
	if !e.profile.Equal(p) || e.profile.CommandLine("start") != p.CommandLine("start") {
		e.profile = p
		e.SetProfile(p)
	}
}

// applyProfiles stores the profiles, and returns the entries that join and leave.
func (f *Fleet) applyProfiles(profiles map[string]config.Profile) (join, leaving []*entry) {
	f.profiles = maps.Clone(profiles)
	names := slices.Sorted(maps.Keys(f.profiles))
	if _, known := f.profiles[f.current]; !known && len(names) > 0 {
		f.current = names[0]
		if _, known := f.profiles[config.DefaultProfile]; known {
			f.current = config.DefaultProfile
		}
	}
	wanted := map[ID]config.Profile{}
	for _, name := range names {
		p := f.profiles[name]
		id := idOf(p)
		first, shared := wanted[id]
		e := f.entries[id]
		if !shared || name == f.current || first.Name != f.current && e != nil && e.profile.Name == name {
			wanted[id] = p
		}
	}
	for id, e := range f.entries {
		if _, stays := wanted[id]; !stays {
			leaving = append(leaving, e)
			delete(f.entries, id)
		}
	}
	for id, p := range wanted {
		if e := f.entries[id]; e != nil {
			e.setProfile(p)
			continue
		}
		e := &entry{Manager: newManager(f.links.Use(id.Engine), p, f.options), profile: p}
		e.changed = f.wake
		f.entries[id] = e
		join = append(join, e)
	}
	return join, leaving
}

// changeLinks tells each link which managers come and go, all of them at once.
func changeLinks(join, leaving []*entry) {
	type change struct{ join, leaving []*Manager }
	changes := map[*Link]change{}
	for _, e := range join {
		c := changes[e.link]
		c.join = append(c.join, e.Manager)
		changes[e.link] = c
	}
	for _, e := range leaving {
		c := changes[e.link]
		c.leaving = append(c.leaving, e.Manager)
		changes[e.link] = c
	}
	for link, c := range changes {
		link.change(c.join, c.leaving)
	}
}

// wake makes the owning goroutine publish a new overview. It can be called from any
// goroutine.
func (f *Fleet) wake() {
	select {
	case f.changed <- struct{}{}:
	default: // the owning goroutine is awake already
	}
}
