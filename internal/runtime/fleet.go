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

// Fleet is the runtimes of all profiles, of which several can run at once. One
// profile is the current one: the one that the tray shows and acts on. One
// goroutine, that of Run, owns which profiles there are; everybody else gets
// overviews.
//
// Profiles that name the same container are several sets of settings for one
// runtime. The current one's are in force, else those of the one that was acted
// on last, else of the first by name. Profiles may have the same port: the
// second one to be started has the problem that the port is in use.
type Fleet struct {
	link    *Link
	options Options

	requests chan func(context.Context)
	changed  chan struct{} // something has changed, since it was looked at last
	ended    chan struct{} // closed when Run is over

	mu       sync.Mutex
	overview Overview
	watchers map[chan Overview]struct{}

	// Of the owning goroutine alone.
	profiles map[string]config.Profile
	current  string
	broken   *problem.Problem
	members  map[string]*entry // by the name of the container
	leaving  map[string]*entry // those that were there before
	running  sync.WaitGroup
}

// entry is a runtime of the fleet.
type entry struct {
	*Manager
	profile config.Profile // in force
	cancel  context.CancelFunc
}

// NewFleet makes the fleet of the profiles, by their names, on the link. An
// unknown current profile is as good as none: see Update.
func NewFleet(l *Link, profiles map[string]config.Profile, current string, o Options) *Fleet {
	f := &Fleet{
		link:     l,
		options:  o,
		requests: make(chan func(context.Context)),
		changed:  make(chan struct{}, 1),
		ended:    make(chan struct{}),
		watchers: map[chan Overview]struct{}{},
		current:  current,
		members:  map[string]*entry{},
		leaving:  map[string]*entry{},
	}
	join, _ := f.applyProfiles(profiles)
	l.change(managers(join), nil)
	f.overview = f.buildOverview()
	f.overview.Rev = 1
	return f
}

// Run owns the fleet until ctx ends, and returns when all work it began is over.
func (f *Fleet) Run(ctx context.Context) {
	defer close(f.ended)
	defer f.running.Wait()
	for _, m := range f.members {
		f.Begin(ctx, m)
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.changed:
			f.publish()
		case do := <-f.requests:
			do(ctx)
		}
	}
}

// Begin runs a member until it leaves or ctx ends. One that comes back begins
// when what it did before is over or undone.
func (f *Fleet) Begin(ctx context.Context, m *entry) {
	if before := f.leaving[m.runtime]; before != nil {
		<-before.ended
		delete(f.leaving, m.runtime)
	}
	ctx, m.cancel = context.WithCancel(ctx)
	f.running.Go(func() { m.Run(ctx) })
}

// Ask has the owning goroutine do something, and returns when everybody has
// been told; false when Run is over. Before Run it waits.
func (f *Fleet) Ask(do func(context.Context)) bool {
	done := make(chan struct{})
	select {
	case f.requests <- func(ctx context.Context) {
		do(ctx)
		f.publish()
		close(done)
	}:
		<-done
		return true
	case <-f.ended:
		return false
	}
}

// Update makes the fleet that of these profiles. New ones join, those that are
// gone leave, while their containers stay as they are, and the others get what
// is new about them. Where the current profile is gone, the default one takes
// its place, else the first by name. What was wrong with the settings is mended.
func (f *Fleet) Update(profiles map[string]config.Profile) {
	f.Ask(func(ctx context.Context) {
		join, leaving := f.applyProfiles(profiles)
		f.broken = nil
		for _, m := range join {
			f.Begin(ctx, m)
		}
		if len(join)+len(leaving) > 0 {
			f.link.change(managers(join), managers(leaving))
		}
		for _, m := range leaving {
			m.cancel()
			f.leaving[m.runtime] = m
		}
	})
}

// Broken says that the settings could not be read, which is a problem to show
// until the next Update. The profiles stay as they are.
func (f *Fleet) Broken(p *problem.Problem) {
	f.Ask(func(context.Context) { f.broken = p })
}

// Select makes a profile the current one. It returns a *[Problem] when there is
// no such profile.
func (f *Fleet) Select(profile string) error {
	_, err := f.find(profile, func() { f.current = profile })
	return err
}

// Manager returns the manager of a profile's runtime, with the settings of that
// profile in force. It returns a *[Problem] when there is no such profile.
func (f *Fleet) Manager(profile string) (*Manager, error) {
	return f.find(profile, func() {})
}

// Start is [Manager.Start] for the runtime of a profile.
func (f *Fleet) Start(ctx context.Context, profile string) error {
	return f.do(profile, func(m *Manager) error { return m.Start(ctx) })
}

// Stop is [Manager.Stop] for the runtime of a profile.
func (f *Fleet) Stop(ctx context.Context, profile string) error {
	return f.do(profile, func(m *Manager) error { return m.Stop(ctx) })
}

// Restart is [Manager.Restart] for the runtime of a profile.
func (f *Fleet) Restart(ctx context.Context, profile string) error {
	return f.do(profile, func(m *Manager) error { return m.Restart(ctx) })
}

// Logs is [Manager.Logs] for the runtime of a profile.
func (f *Fleet) Logs(ctx context.Context, profile string, w io.Writer, options LogOptions) error {
	return f.do(profile, func(m *Manager) error { return m.Logs(ctx, w, options) })
}

func (f *Fleet) do(profile string, action func(*Manager) error) error {
	m, err := f.find(profile, func() {})
	if err != nil {
		return err
	}
	return action(m)
}

// find returns the manager of a profile after it has put the profile into
// force, and after then.
func (f *Fleet) find(profile string, then func()) (m *Manager, err error) {
	err = context.Canceled // Run is over
	f.Ask(func(context.Context) {
		p, known := f.profiles[profile]
		if !known {
			err = asError(noProfileProblem(profile))
			return
		}
		found := f.members[p.Runtime]
		found.setProfile(p)
		then()
		m, err = found.Manager, nil
	})
	return m, err
}

// setProfile puts a profile into force.
func (m *entry) setProfile(p config.Profile) {
	if !m.profile.Equal(p) || m.profile.CommandLine("start") != p.CommandLine("start") {
		m.profile = p
		m.SetProfile(p)
	}
}

// applyProfiles takes in the profiles, and returns which runtimes join and leave by that.
func (f *Fleet) applyProfiles(profiles map[string]config.Profile) (join, leaving []*entry) {
	f.profiles = maps.Clone(profiles)
	names := slices.Sorted(maps.Keys(f.profiles))
	if _, known := f.profiles[f.current]; !known && len(names) > 0 {
		f.current = names[0]
		if _, known := f.profiles[config.DefaultProfile]; known {
			f.current = config.DefaultProfile
		}
	}
	wanted := map[string]config.Profile{} // by the name of the container
	for _, name := range names {
		p := f.profiles[name]
		first, shared := wanted[p.Runtime]
		m := f.members[p.Runtime]
		if !shared || name == f.current || first.Name != f.current && m != nil && m.profile.Name == name {
			wanted[p.Runtime] = p
		}
	}
	for name, m := range f.members {
		if _, stays := wanted[name]; !stays {
			leaving = append(leaving, m)
			delete(f.members, name)
		}
	}
	for name, p := range wanted {
		if m := f.members[name]; m != nil {
			m.setProfile(p)
			continue
		}
		m := &entry{Manager: newManager(f.link, p, f.options), profile: p}
		m.changed = f.wake
		f.members[name] = m
		join = append(join, m)
	}
	return join, leaving
}

func managers(members []*entry) []*Manager {
	var all []*Manager
	for _, m := range members {
		all = append(all, m.Manager)
	}
	return all
}

// wake makes the owning goroutine look, from any goroutine.
func (f *Fleet) wake() {
	select {
	case f.changed <- struct{}{}:
	default: // it is going to look
	}
}
