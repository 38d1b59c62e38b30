package tray

import (
	"maps"
	"slices"

	"colabtray/internal/runtime"
)

// announce tells each change of each runtime. It has a watch of its own, so
// that one who takes his time delays nothing. A runtime of several profiles is
// told of once, as that of the current one if it is one of them.
func announce(overviews <-chan runtime.Overview, tell func(prev, next runtime.Snapshot)) {
	before := map[string]runtime.Snapshot{} // by the name of the container
	for o := range overviews {
		now := map[string]runtime.Snapshot{}
		for _, s := range o.Runtimes {
			if _, told := now[s.Runtime]; !told || s.Profile == o.Current {
				now[s.Runtime] = s
			}
		}
		for _, name := range slices.Sorted(maps.Keys(now)) {
			if s := now[name]; s.Rev != before[name].Rev {
				tell(before[name], s)
			}
		}
		before = now
	}
}
