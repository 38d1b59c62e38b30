package docker

import (
	"context"
	"encoding/json"
	"strings"

	"colabtray/internal/engine"

	"github.com/docker/docker/api/types/container"
)

// Stats implements [engine.Meter].
func (d *Engine) Stats(ctx context.Context, id string, each func(engine.Usage)) error {
	stream, err := d.api.Load().ContainerStats(ctx, id, true)
	if err != nil {
		return engineError(err)
	}
	defer stream.Body.Close()
	var before container.StatsResponse
	for samples := json.NewDecoder(stream.Body); ; {
		var now container.StatsResponse
		if err := samples.Decode(&now); err != nil {
			return err
		}
		// Docker goes on with empty samples when the container no longer runs.
		if now.Read.Year() <= 1 || now.CPUStats.CPUUsage.TotalUsage == 0 {
			return nil
		}
		if now.Read.After(before.Read) && !before.Read.IsZero() {
			each(usage(before, now))
		}
		before = now
	}
}

// usage computes the usage between two samples.
func usage(before, now container.StatsResponse) engine.Usage {
	seconds := now.Read.Sub(before.Read).Seconds()
	u := engine.Usage{
		At:          now.Read,
		CPU:         since(before.CPUStats.CPUUsage.TotalUsage, now.CPUStats.CPUUsage.TotalUsage) / 1e9 / seconds,
		CPUs:        int(now.CPUStats.OnlineCPUs),
		Memory:      now.MemoryStats.Usage,
		MemoryLimit: now.MemoryStats.Limit,
	}
	// The usage includes the kernel's file cache. Its part that the kernel can free is
	// called inactive_file with cgroup v2, and total_inactive_file with cgroup v1.
	for _, name := range []string{"inactive_file", "total_inactive_file"} {
		if cache := now.MemoryStats.Stats[name]; cache > 0 && cache < u.Memory {
			u.Memory -= cache
			break
		}
	}
	readBefore, wroteBefore, _ := transferred(before)
	read, wrote, reported := transferred(now)
	u.DiskRead, u.DiskWrite, u.HasDisk = since(readBefore, read)/seconds, since(wroteBefore, wrote)/seconds, reported
	receivedBefore, sentBefore := carried(before)
	received, sent := carried(now)
	u.Received, u.Sent, u.HasNetwork = since(receivedBefore, received)/seconds, since(sentBefore, sent)/seconds, len(now.Networks) > 0
	return u
}

// since returns the growth of a counter. The counter restarts with the container, so a
// decrease counts as 0.
func since(before, now uint64) float64 {
	if now < before {
		return 0
	}
	return float64(now - before)
}

// transferred sums the bytes read from and written to all disks.
func transferred(s container.StatsResponse) (read, wrote uint64, reported bool) {
	for _, e := range s.BlkioStats.IoServiceBytesRecursive {
		switch strings.ToLower(e.Op) {
		case "read":
			read, reported = read+e.Value, true
		case "write":
			wrote, reported = wrote+e.Value, true
		}
	}
	return read, wrote, reported
}

// carried sums the bytes that came and went over all networks.
func carried(s container.StatsResponse) (received, sent uint64) {
	for _, n := range s.Networks {
		received, sent = received+n.RxBytes, sent+n.TxBytes
	}
	return received, sent
}
