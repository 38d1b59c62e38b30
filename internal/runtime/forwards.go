package runtime

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/gateway"
	"colabtray/internal/jupyter"
	"colabtray/internal/problem"
)

// forwards are gateways at the profile's other ports. A container on another machine has
// its ports there, so the manager listens here while it runs.
type forwards struct {
	manager *Manager
	dir     string // for locks

	mu        sync.Mutex
	ended     bool
	gates     map[int]*forward // by the port here
	run       startID
	container engine.Container
}

// forward is the gateway to one port in the container.
type forward struct {
	gate  gate
	inner int
	way   *way
}

// forwardedPorts returns the ports in a container that are to be reached at other ports of
// this computer than that of the Backend URL, by these.
func forwardedPorts(p config.Profile, c engine.Container, e engine.Info) map[int]int {
	if !e.Forwarded || !c.Running {
		return nil
	}
	ports := map[int]int{}
	for _, published := range p.Ports {
		if c.Ports[published.Container] != 0 && published.Container != jupyter.InnerPort(c, p.Kind) {
			ports[published.Host] = published.Container
		}
	}
	return ports
}

// open opens the gateways at these ports, with the ports in the container, and closes all
// others. It returns why some are not open.
func (f *forwards) open(ports map[int]int) (failed map[int]error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended {
		return nil
	}
	for port, old := range f.gates {
		if ports[port] != old.inner {
			f.close(old)
			delete(f.gates, port)
		}
	}
	for port, inner := range ports {
		g := f.gates[port]
		if g == nil {
			g = &forward{gate: gate{manager: f.manager, dir: f.dir}, inner: inner}
			f.gates[port] = g
			f.lead(g)
		}
		if err := g.gate.open(port); err != nil {
			if failed == nil {
				failed = map[int]error{}
			}
			failed[port] = err
		}
	}
	return failed
}

// leadTo sets in which run of which container the gateways lead; a zero run is none.
func (f *forwards) leadTo(run startID, c engine.Container) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.run == run {
		return
	}
	f.run, f.container = run, c
	for _, g := range f.gates {
		f.lead(g)
	}
}

// lead sets where a gateway leads; the caller holds the lock.
func (f *forwards) lead(g *forward) {
	if old := g.way; old != nil {
		f.manager.work.Go(old.close)
	}
	g.way = nil
	if e, c := f.manager.engine(), f.container; f.run != (startID{}) {
		g.way = &way{run: f.run, reach: func(ctx context.Context) (engine.Route, error) { return e.Reach(ctx, c, g.inner) }}
	}
	g.gate.lead(g.way, nil)
}

// close closes a gateway for good; the caller holds the lock.
func (f *forwards) close(g *forward) {
	g.gate.end()
	if g.way != nil {
		f.manager.work.Go(g.way.close)
	}
}

// end closes all gateways for good.
func (f *forwards) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended = true
	for _, g := range f.gates {
		f.close(g)
	}
	clear(f.gates)
}

// openForwards opens the gateways at the profile's other ports before the container starts
// on another machine.
func (o *operation) openForwards() error {
	if !o.info.Forwarded || len(o.profile.Ports) == 0 {
		return nil
	}
	ports := map[int]int{}
	for _, p := range o.profile.Ports {
		ports[p.Host] = p.Container
	}
	failed := o.openPorts(ports)
	for _, port := range slices.Sorted(maps.Keys(failed)) {
		if err := failed[port]; !errors.Is(err, gateway.ErrHeld) {
			return err
		}
	}
	return nil
}

// portProblems returns the problems of ports at which the program does not listen. That
// another program of the person's listens there for the runtime is none.
func (o *operation) portProblems(ctx context.Context, failed map[int]error) (all []*problem.Problem) {
	for _, port := range slices.Sorted(maps.Keys(failed)) {
		if err := failed[port]; !errors.Is(err, gateway.ErrHeld) {
			all = append(all, publishedPortProblem(port, portHolder(ctx, o.engine, o.info, port, o.profile.Runtime), err))
		}
	}
	return all
}
