package runtime

import (
	"context"
	"slices"

	"colabtray/internal/words"
)

// portHolder tells who holds a port of the host, for people; empty when it
// cannot be found out.
func portHolder(ctx context.Context, e Engine, port int, self string) string {
	if names, err := e.PublishedBy(ctx, port); err == nil {
		names = slices.DeleteFunc(names, func(n string) bool { return n == self })
		if len(names) > 0 {
			return words.Say("problem.portContainer", "container", names[0])
		}
	}
	return processAt(port)
}
