package docker

import (
	"context"
	"encoding/json"
	"strings"

	"colabtray/internal/engine"

	"github.com/docker/docker/api/types/container"
)

// Stats implements [Meter].
func (d *Engine) Stats(ctx context.Context, id string, each func(engine.Usage)) error {
	stream, err := d.api.Load().ContainerStats(ctx, id, true)
	if err != nil {
		return engineError(err)
	}
	defer stream.Body.Close()
	var before container.StatsResponse
	for moments := json.NewDecoder(stream.Body); ; {
		var now container.StatsResponse
		if err := moments.Decode(&now); err != nil {
			return err
		}
		// For a container that does not run, Docker goes on with empty ones.
		if now.Read.Year() <= 1 || now.CPUStats.CPUUsage.TotalUsage == 0 {
			return nil
		}
		if now.Read.After(before.Read) && !before.Read.IsZero() {
			each(usage(before, now))
		}
		before = now
	}
}

// usage is what was used between two moments.
func usage(before, now container.StatsResponse) engine.Usage {
	seconds := now.Read.Sub(before.Read).Seconds()
	u := engine.Usage{
		At:          now.Read,
		CPU:         since(before.CPUStats.CPUUsage.TotalUsage, now.CPUStats.CPUUsage.TotalUsage) / 1e9 / seconds,
		CPUs:        int(now.CPUStats.OnlineCPUs),
		Memory:      now.MemoryStats.Usage,
		MemoryLimit: now.MemoryStats.Limit,
	}
	// The kernel's cache of files counts as used. With version 2 of control
	// groups its part that can go is called inactive_file, with version 1
	// total_inactive_file.
	for _, name := range []string{"inactive_file", "total_inactive_file"} {
		if cache := now.MemoryStats.Stats[name]; cache > 0 && cache < u.Memory {
			u.Memory -= cache
			break
		}
	}
	readBefore, wroteBefore, _ := transferred(before)
	read, wrote, told := transferred(now)
	u.DiskRead, u.DiskWrite, u.HasDisk = since(readBefore, read)/seconds, since(wroteBefore, wrote)/seconds, told
	return u
}

// since is the growth of a counter, which begins anew with the container.
func since(before, now uint64) float64 {
	if now < before {
		return 0
	}
	return float64(now - before)
}

// transferred sums what went from and to all disks.
func transferred(s container.StatsResponse) (read, wrote uint64, told bool) {
	for _, e := range s.BlkioStats.IoServiceBytesRecursive {
		switch strings.ToLower(e.Op) {
		case "read":
			read, told = read+e.Value, true
		case "write":
			wrote, told = wrote+e.Value, true
		}
	}
	return read, wrote, told
}
