package runtime

import (
	"context"
	"maps"
	"slices"

	"colabtray/internal/problem"
)

// Overview is the state of a [Fleet] at one moment. It is immutable: a change creates
// a new Overview with a higher Rev.
type Overview struct {
	// Rev counts the changes since the program started, from 1.
	Rev uint64
	// Current is the name of the current profile.
	Current string
	// Runtimes has one snapshot for each profile, sorted by the profile's name. It
	// must not be changed.
	Runtimes []Snapshot
	// Settings is the problem that the settings cannot be read, so that older ones
	// are in force; nil if there is none.
	Settings *problem.Problem
}

// Runtime returns the snapshot of the current profile.
func (o Overview) Runtime() Snapshot {
	s, _ := o.Of(o.Current)
	return s
}

// Of returns the snapshot of a profile, and false if there is no such profile.
func (o Overview) Of(profile string) (Snapshot, bool) {
	for _, s := range o.Runtimes {
		if s.Profile == profile {
			return s, true
		}
	}
	return Snapshot{}, false
}

// Overview returns the current overview.
func (f *Fleet) Overview() Overview {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.overview
}

// Watch returns a channel that yields the current overview and each new one. A slow
// receiver gets only the newest overview. The channel is closed when ctx ends or
// Run returns.
func (f *Fleet) Watch(ctx context.Context) <-chan Overview {
	return f.watchers.add(ctx, &f.mu, &f.overview, f.ended)
}

// buildOverview returns an overview of the current state, without Rev.
func (f *Fleet) buildOverview() Overview {
	o := Overview{Current: f.current, Settings: f.broken}
	for _, name := range slices.Sorted(maps.Keys(f.profiles)) {
		s := f.entries[idOf(f.profiles[name])].Snapshot()
		s.Profile = name
		o.Runtimes = append(o.Runtimes, s)
	}
	return o
}

// publish sends the current overview to all watchers if it has changed.
func (f *Fleet) publish() {
	next := f.buildOverview()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.overview.same(next) {
		return
	}
	next.Rev = f.overview.Rev + 1
	f.overview = next
	f.watchers.send(next)
}

// same reports whether two overviews mean the same to a person.
func (o Overview) same(p Overview) bool {
	return o.Current == p.Current && o.Settings == p.Settings &&
		slices.EqualFunc(o.Runtimes, p.Runtimes, same)
}
