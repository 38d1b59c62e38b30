package runtime

import (
	"context"
	"slices"

	"colabtray/internal/engine"
	"colabtray/internal/i18n"
)

// portHolder tells who holds a port of the host, for people; empty when it
// cannot be found out.
func portHolder(ctx context.Context, e engine.Engine, port int, self string) string {
	names := publishers(ctx, e, port)
	names = slices.DeleteFunc(names, func(n string) bool { return n == self })
	if len(names) > 0 {
		return i18n.T("problem.portContainer", "container", names[0])
	}
	return processAt(port)
}

// publishers returns the containers that publish a port of the host, as far as
// the engine tells.
func publishers(ctx context.Context, e engine.Engine, port int) []string {
	ports, has := engine.As[engine.Ports](e)
	if !has {
		return nil
	}
	names, _ := ports.PublishedBy(ctx, port)
	return names
}
