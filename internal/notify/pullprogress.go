package notify

import (
	"time"

	"colabtray/internal/engine"
	"colabtray/internal/i18n"
	"colabtray/internal/runtime"
)

// A pull is announced once it has taken longPull. Its progress is announced again
// whenever another tenth is done, but at most once every pullInterval.
const (
	longPull     = 10 * time.Second
	pullInterval = 5 * time.Second
)

// pull is what was announced of a pull. The zero value means nothing so far.
type pull struct {
	announced  bool
	lastTenths int
	lastTime   time.Time
}

// announce returns the announcement of the pull that is due now, if any, and what has
// been announced with it.
func (p pull) announce(s runtime.Snapshot, now time.Time) (pull, []Announcement) {
	if s.State != runtime.Pulling {
		return pull{}, nil
	}
	percent := percentage(s.Progress)
	due := !p.announced || percent/10 > p.lastTenths && now.Sub(p.lastTime) >= pullInterval
	if now.Sub(s.Since) < longPull || !due {
		return p, nil
	}
	a := Announcement{Kind: KindProgress, Title: i18n.T("notify.pull.title"), Urgency: Low, Profile: s.Profile, Percent: percent}
	const giga = 1e9
	switch done, all, known := s.Progress.Megabytes(); {
	case percent == 0:
		a.Body = i18n.T("notify.pull.begin")
	case s.Progress.Total >= giga:
		a.Body = i18n.T("notify.pull.giga", "percent", percent, "all", i18n.Decimal(float64(s.Progress.Total)/giga))
	case known:
		a.Body = i18n.T("notify.pull.mega", "percent", percent, "done", done, "all", all)
	default:
		a.Body = i18n.T("notify.pull.layers", "done", s.Progress.LayersDone, "all", s.Progress.Layers)
	}
	return pull{announced: true, lastTenths: percent / 10, lastTime: now}, []Announcement{a}
}

// percentage returns the progress of a pull from 0 to 100: by bytes, or by layers
// where the engine does not tell their sizes. It returns 0 if neither is known.
func percentage(p engine.Progress) int {
	switch {
	case p.Total > 0:
		return int(100 * (float64(min(max(p.Bytes, 0), p.Total)) / float64(p.Total)))
	case p.Layers > 0:
		return 100 * min(max(p.LayersDone, 0), p.Layers) / p.Layers
	default:
		return 0
	}
}
