package runtime

import (
	"context"
	"slices"

	"colabtray/internal/engine"
	"colabtray/internal/i18n"
)

// portHolder returns a text that names the container or process that uses a port of
// the host, other than the container self. It is empty if that is not known.
func portHolder(ctx context.Context, e engine.Engine, port int, self string) string {
	names := publishers(ctx, e, port)
	names = slices.DeleteFunc(names, func(n string) bool { return n == self })
	if len(names) > 0 {
		return i18n.T("problem.portContainer", "container", names[0])
	}
	return processAt(port)
}

// publishers returns the names of the containers that publish a port of the host, none
// if the engine cannot tell.
func publishers(ctx context.Context, e engine.Engine, port int) []string {
	ports, has := engine.As[engine.Ports](e)
	if !has {
		return nil
	}
	names, _ := ports.PublishedBy(ctx, port)
	return names
}
