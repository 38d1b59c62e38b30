package tray

import (
	"maps"
	"slices"

	"colabtray/internal/runtime"
)

// announce tells each change of each runtime. It has a watch of its own, so
// that one who takes his time delays nothing. A runtime of several profiles is
// told of once, as that of the current one if it is one of them. Of one that
// there was not and is not there is nothing to tell.
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
			was, is := before[name], now[name]
			if is.Rev != was.Rev && (exists(was) || exists(is)) {
				tell(was, is)
			}
		}
		before = now
	}
}

// exists reports whether there is anything of a runtime yet.
func exists(s runtime.Snapshot) bool {
	switch s.State {
	case runtime.Unknown, runtime.NoEngine, runtime.Absent:
		return false
	default:
		return true
	}
}
