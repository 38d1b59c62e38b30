package tray

import (
	"maps"
	"slices"

	"colabtray/internal/runtime"
)

// announce calls tell for each change of each runtime, until overviews is closed.
// It needs a watch of its own, so that a slow tell delays nothing else. A runtime
// that several profiles share is announced once, for the current profile if that
// is one of them. A runtime that neither existed before nor exists now is not
// announced.
func announce(overviews <-chan runtime.Overview, tell func(prev, next runtime.Snapshot)) {
	before := map[runtime.ID]runtime.Snapshot{}
	for o := range overviews {
		now := map[runtime.ID]runtime.Snapshot{}
		for _, s := range o.Runtimes {
			if _, listed := now[s.ID()]; !listed || s.Profile == o.Current {
				now[s.ID()] = s
			}
		}
		for _, id := range slices.SortedFunc(maps.Keys(now), runtime.ID.Compare) {
			prev, next := before[id], now[id]
			if next.Rev != prev.Rev && (exists(prev) || exists(next)) {
				tell(prev, next)
			}
		}
		before = now
	}
}

// exists reports whether a runtime has a container or is about to get one.
func exists(s runtime.Snapshot) bool {
	switch s.State {
	case runtime.Unknown, runtime.NoEngine, runtime.Absent:
		return false
	default:
		return true
	}
}
