package runtime

import (
	"context"
	"maps"
	"slices"

	"colabtray/internal/problem"
)

// Overview is what is known of a [Fleet] at one moment. It is immutable: a
// change makes a new one with a higher Rev.
type Overview struct {
	// Rev counts the changes since the program started, from 1.
	Rev uint64
	// Current is the name of the current profile.
	Current string
	// Runtimes has one snapshot for each profile, sorted by the name of the
	// profile. It must not be changed.
	Runtimes []Snapshot
	// Settings is what is wrong with the settings, so that older ones are in
	// force; nil when all is well.
	Settings *problem.Problem
}

// Runtime returns the snapshot of the current profile.
func (o Overview) Runtime() Snapshot {
	s, _ := o.Of(o.Current)
	return s
}

// Of returns the snapshot of a profile, and whether there is that profile.
func (o Overview) Of(profile string) (Snapshot, bool) {
	for _, s := range o.Runtimes {
		if s.Profile == profile {
			return s, true
		}
	}
	return Snapshot{}, false
}

// Overview returns what is known now.
func (f *Fleet) Overview() Overview {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.overview
}

// Watch returns a channel that gives the current overview first and then the
// newest one whenever it has changed; what the receiver was too slow for is
// left out. The channel is closed when ctx ends or Run is over.
func (f *Fleet) Watch(ctx context.Context) <-chan Overview {
	c := make(chan Overview, 1)
	f.mu.Lock()
	c <- f.overview
	f.watchers[c] = struct{}{}
	f.mu.Unlock()
	go func() {
		select {
		case <-ctx.Done():
		case <-f.ended:
		}
		f.mu.Lock()
		delete(f.watchers, c)
		close(c)
		f.mu.Unlock()
	}()
	return c
}

// buildOverview makes an overview of what is so now.
func (f *Fleet) buildOverview() Overview {
	o := Overview{Current: f.current, Settings: f.broken}
	for _, name := range slices.Sorted(maps.Keys(f.profiles)) {
		s := f.members[f.profiles[name].Runtime].Snapshot()
		s.Profile = name
		o.Runtimes = append(o.Runtimes, s)
	}
	return o
}

// publish gives everybody the new overview, if it is one.
func (f *Fleet) publish() {
	next := f.buildOverview()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.overview.same(next) {
		return
	}
	next.Rev = f.overview.Rev + 1
	f.overview = next
	for c := range f.watchers {
		select {
		case <-c: // nobody took the one before
		default:
		}
		c <- next
	}
}

// same reports whether two overviews tell a person the same.
func (o Overview) same(p Overview) bool {
	return o.Current == p.Current && o.Settings == p.Settings &&
		slices.EqualFunc(o.Runtimes, p.Runtimes, same)
}
