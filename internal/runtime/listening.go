package runtime

import (
	"bufio"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"colabtray/internal/engine"
)

// Listener is a TCP port at which a program in the container listens.
type Listener struct {
	// Port is the port in the container.
	Port int
	// Published is the port on 127.0.0.1 that leads there; 0 if there is none.
	Published int
	// Inside tells that the program listens for the container alone, so that nothing
	// from outside reaches it.
	Inside bool
}

// maxListeners is how many listeners are told at most.
const maxListeners = 100

// firstEphemeral is the first port that Linux gives to programs that ask for any, as
// Jupyter's kernels do.
const firstEphemeral = 32768

// Listening returns what listens in the runtime besides Jupyter, sorted by port. It is
// nil if that cannot be told, and while the runtime does not run.
func (m *Manager) Listening(ctx context.Context) ([]Listener, error) {
	e := m.engine()
	executor, has := engine.As[engine.Executor](e)
	if s := m.Snapshot(); !has || !s.State.CanShell() {
		return nil, nil
	}
	c, err := e.Inspect(ctx, m.runtime)
	if err != nil || !c.Running || c.HostNetwork {
		return nil, err
	}
	tables, _, err := executor.Exec(ctx, c.ID, []string{"cat", "/proc/net/tcp", "/proc/net/tcp6"})
	if err != nil {
		return nil, err
	}
	p, info := m.Profile(), m.link.Info()
	own, published := p.Kind.Port(), c.Ports
	if info.Forwarded {
		published = map[int]int{}
		for here, inner := range forwardedPorts(p, c, info) {
			published[inner] = here
		}
	}
	all := listenersIn(tables, published)
	return slices.DeleteFunc(all, func(l Listener) bool { return l.Port == own }), nil
}

// listenersIn returns the listeners of tables in the format of proc(5). Anybody can have
// written the tables. Ports of kernels and the like, which are for the container alone
// and have numbers by chance, are left out.
func listenersIn(tables string, published map[int]int) []Listener {
	found := map[int]Listener{}
	for lines := bufio.NewScanner(strings.NewReader(tables)); lines.Scan() && len(found) < maxListeners; {
		fields := strings.Fields(lines.Text())
		if len(fields) < 4 || fields[3] != listening {
			continue
		}
		address, hex, _ := strings.Cut(fields[1], ":")
		port, err := strconv.ParseUint(hex, 16, 16)
		if err != nil || port == 0 {
			continue
		}
		l := Listener{Port: int(port), Published: published[int(port)], Inside: isLoopback(address)}
		if l.Inside && l.Published == 0 && l.Port >= firstEphemeral {
			continue
		}
		if before, known := found[l.Port]; known && !before.Inside {
			l.Inside = false
		}
		found[l.Port] = l
	}
	var all []Listener
	for _, port := range slices.Sorted(maps.Keys(found)) {
		all = append(all, found[port])
	}
	return all
}

// isLoopback reports whether an address of the tables is a loopback address. Its bytes
// are in the order of the machine, of which x86 and ARM have the same.
func isLoopback(address string) bool {
	switch len(address) {
	case 8:
		return strings.HasSuffix(address, "7F")
	case 32:
		return address == "00000000000000000000000001000000" || strings.HasPrefix(address, "0000000000000000FFFF0000") && strings.HasSuffix(address, "7F")
	}
	return false
}
