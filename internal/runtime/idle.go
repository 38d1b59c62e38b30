package runtime

import (
	"context"
	"time"

	"colabtray/internal/engine"
	"colabtray/internal/jupyter"
)

// Bounds of the guard against idleness.
const (
	workInterval = 5 * time.Second // at what it uses, before it is stopped
	working      = 0.1             // of a processor, which is more than an idle one uses
)

// idleGuard stops a runtime whose kernels have not worked for so long as its
// profile says. It looks when that can be at the earliest, and not before.
type idleGuard struct {
	m      *Manager
	s      Snapshot  // of a ready runtime; else zero
	used   time.Time // the last use that we know of
	warned time.Time // when the person was told that it will be stopped; else zero
}

// guardIdle stops the runtime when it is idle, until ctx ends.
func (m *Manager) guardIdle(ctx context.Context) {
	g := &idleGuard{m: m}
	snapshots := m.Watch(ctx)
	look := time.NewTimer(time.Hour)
	look.Stop()
	defer look.Stop()
	for {
		select {
		case s, open := <-snapshots:
			if !open {
				return
			}
			if !g.update(s) {
				continue
			}
		case <-m.keep:
			g.used = time.Now()
		case <-look.C:
		}
		look.Stop()
		if !g.s.URL.IsZero() && g.s.IdleStop > 0 {
			look.Reset(max(g.check(ctx), time.Millisecond))
		}
	}
}

// update takes in a snapshot, and reports whether it is one of another run or
// another limit.
func (g *idleGuard) update(s Snapshot) bool {
	if s.State != Ready {
		s = Snapshot{}
	}
	before := g.s
	g.s = s
	another := before.URL != s.URL || !before.Since.Equal(s.Since)
	if another {
		g.used, g.warned = time.Now(), time.Time{}
	}
	return another || before.IdleStop != s.IdleStop
}

// check asks Jupyter what works, does what the idle rule decides by that, and
// returns how long nothing more can happen.
func (g *idleGuard) check(ctx context.Context) time.Duration {
	reported, kernels, err := jupyter.LastActivity(ctx, g.s.URL)
	if err != nil {
		g.m.log.Debug("it is not known what the kernels do", "error", err)
	}
	facts := idleFacts{
		now: time.Now(), limit: g.s.IdleStop, used: g.used, warned: g.warned, answered: err == nil, reported: reported,
	}
	d := facts.decide()
	if d.action == checkWork {
		facts.check = g.checkWork(ctx, kernels)
		facts.now = time.Now()
		d = facts.decide()
	}
	g.used, g.warned = d.used, d.warned
	switch d.action {
	case leaveRunning:
		g.m.log.Debug("the runtime is in use", "look again in", d.again)
		g.announce(time.Time{})
	case warnOfStop:
		g.announce(d.stopAt)
	case stopIdle:
		g.m.log.Info("the runtime is stopped, because it is idle", "for", facts.limit)
		g.m.post(idled{g.s.URL})
		if err := g.m.Stop(ctx); err != nil {
			g.m.log.Warn("the idle runtime could not be stopped", "error", err)
		}
	}
	return d.again
}

// checkWork looks whether the runtime works, though the server says that it has
// not for long. It ends with the first reason to leave the runtime running.
func (g *idleGuard) checkWork(ctx context.Context, kernels []string) *workCheck {
	check := new(workCheck)
	if check.usesCPU = g.m.usesCPU(ctx); check.usesCPU {
		g.m.log.Info("the runtime is in use: it computes, though no kernel says so")
		return check
	}
	check.busy, check.unknown = jupyter.KernelBusy(ctx, g.m.engine(), g.m.runtime, kernels)
	switch {
	case ctx.Err() != nil:
		check.unknown = ctx.Err()
	case check.unknown != nil:
		g.m.log.Warn("the runtime is not stopped for idleness: it is not known what its kernels do", "error", check.unknown)
	case check.busy:
		g.m.log.Info("the runtime is in use: a kernel works that the server calls idle")
	}
	select {
	case <-g.m.keep: // the person asked meanwhile
		check.kept = true
	default:
	}
	return check
}

// usesCPU reports whether the container uses a processor, beside what an idle
// server and its health check need.
func (m *Manager) usesCPU(ctx context.Context) bool {
	meter, has := engine.As[engine.Meter](m.engine())
	if !has {
		return false // the kernels are asked, too
	}
	ctx, cancel := context.WithTimeout(ctx, jupyter.RequestTimeout)
	defer cancel()
	var sum float64
	var count int
	began := time.Now()
	_ = meter.Stats(ctx, m.runtime, func(u engine.Usage) {
		sum += u.CPU
		if count++; time.Since(began) >= workInterval {
			cancel()
		}
	})
	return count > 0 && sum/float64(count) > working
}

// announce tells when the runtime will be stopped, never with the zero time.
func (g *idleGuard) announce(at time.Time) {
	if at.Sub(g.s.IdleStopAt).Abs() > time.Second {
		g.m.post(idling{g.s.URL, at})
	}
}

// KeepRunning counts as a use of the runtime: it will not be stopped for
// idleness before it was idle for as long again.
func (m *Manager) KeepRunning() {
	select {
	case m.keep <- struct{}{}:
	default: // one is waiting already
	}
}
