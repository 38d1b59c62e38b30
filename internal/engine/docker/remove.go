package docker

import (
	"context"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
)

// Docker 20.10 does not wait for a request that reads the container's files, as an
// inspection of ours does: it removes the rest, calls the container dead, and finishes
// when it is asked again. removeTries requests come removePause apart.
const (
	removeTries    = 20
	removePause    = 100 * time.Millisecond
	stillReadFiles = "failed to remove root filesystem"
)

// remove removes a container.
func (d *Engine) remove(ctx context.Context, id string, options container.RemoveOptions) error {
	for try := 1; ; try++ {
		err := d.api.Load().ContainerRemove(ctx, id, options)
		if err == nil || try == removeTries || !strings.Contains(err.Error(), stillReadFiles) {
			return err
		}
		d.log.Debug("a container is not removed yet", "id", id, "error", err)
		select {
		case <-time.After(removePause):
		case <-ctx.Done():
			return err
		}
	}
}
