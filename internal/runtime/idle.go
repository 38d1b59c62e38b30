package runtime

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"colabtray/internal/engine"
	"colabtray/internal/jupyter"
)

// The last check before a stop measures the CPU time.
const (
	workInterval = 5 * time.Second // how long it measures
	working      = 0.1             // processors; an idle container uses less
)

// idleGuard stops a runtime whose kernels have not worked for the profile's IdleStop.
// It does not poll: it checks the runtime no earlier than the next action is due.
type idleGuard struct {
	m      *Manager
	s      Snapshot  // of the runtime while it is ready; else zero
	used   time.Time // the last known use
	warned time.Time // when the person was warned of the stop; zero if not
}

// guardIdle stops the runtime when it is idle. It returns when ctx ends.
func (m *Manager) guardIdle(ctx context.Context) {
	g := &idleGuard{m: m}
	snapshots := m.Watch(ctx)
	nextCheck := time.NewTimer(time.Hour)
	nextCheck.Stop()
	defer nextCheck.Stop()
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
		case <-nextCheck.C:
		}
		nextCheck.Stop()
		if !g.s.URL.IsZero() && g.s.IdleStop > 0 {
			nextCheck.Reset(max(g.check(ctx), time.Millisecond))
		}
	}
}

// update stores a snapshot, and reports whether the run or the limit has changed.
func (g *idleGuard) update(s Snapshot) bool {
	if s.State != Ready {
		s = Snapshot{}
	}
	before := g.s
	g.s = s
	newRun := before.URL != s.URL || !before.Since.Equal(s.Since)
	if newRun {
		g.used, g.warned = time.Now(), time.Time{}
	}
	return newRun || before.IdleStop != s.IdleStop
}

// check asks Jupyter for its last activity, carries out the decision of the idle rule,
// and returns the time until the next check.
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
		g.m.log.Debug("the runtime is in use", "check again in", d.again)
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

// checkWork checks whether the runtime works although the server reports no activity.
// It stops at the first reason to leave the runtime running.
func (g *idleGuard) checkWork(ctx context.Context, kernels []string) *workCheck {
	check := new(workCheck)
	check.usesCPU, check.unknown = g.m.usesCPU(ctx)
	if check.usesCPU {
		g.m.log.Info("the runtime is in use: it computes, though no kernel says so")
		return check
	}
	if check.unknown == nil {
		check.busy, check.unknown = jupyter.KernelBusy(ctx, g.m.engine(), g.m.runtime, kernels)
	}
	switch {
	case ctx.Err() != nil:
		check.unknown = ctx.Err()
	case check.unknown != nil:
		g.m.log.Warn("the runtime is not stopped for idleness: it is not known whether it works", "error", check.unknown)
	case check.busy:
		g.m.log.Info("the runtime is in use: a kernel works that the server calls idle")
	}
	select {
	case <-g.m.keep: // the person has asked meanwhile
		check.kept = true
	default:
	}
	return check
}

// usesCPU reports whether the container uses more CPU time than an idle server
// and its health check need. Where the engine measures nothing, the processes tell. For
// an engine that can do neither it returns false: the kernels are asked as well.
func (m *Manager) usesCPU(ctx context.Context) (bool, error) {
	meter, canMeasure := engine.As[engine.Meter](m.engine())
	if canMeasure {
		uses, err := m.measuredCPU(ctx, meter)
		if err == nil || ctx.Err() != nil {
			return uses, err
		}
		m.log.Debug("the processes are asked for their processor time", "error", err)
	}
	uses, err := m.usesProcessor(ctx, workInterval)
	if !canMeasure && errors.Is(err, engine.ErrLacks) {
		return false, nil
	}
	return uses, err
}

// measuredCPU is usesCPU by what the engine measures.
func (m *Manager) measuredCPU(ctx context.Context, meter engine.Meter) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, jupyter.RequestTimeout)
	defer cancel()
	var sum float64
	var count int
	began := time.Now()
	err := meter.Stats(ctx, m.runtime, func(u engine.Usage) {
		sum += u.CPU
		if count++; time.Since(began) >= workInterval {
			cancel()
		}
	})
	if count == 0 {
		return false, fmt.Errorf("the engine measures nothing: %w", cmp.Or(err, io.ErrUnexpectedEOF))
	}
	return sum/float64(count) > working, nil
}

// announce publishes when the runtime will be stopped. The zero time means never.
func (g *idleGuard) announce(at time.Time) {
	if at.Sub(g.s.IdleStopAt).Abs() > time.Second {
		g.m.post(idling{g.s.URL, at})
	}
}

// KeepRunning counts as a use of the runtime, so that the runtime is not stopped before
// it has been idle for the profile's IdleStop again.
func (m *Manager) KeepRunning() {
	select {
	case m.keep <- struct{}{}:
	default: // a request is waiting already
	}
}
