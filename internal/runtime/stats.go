package runtime

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
)

// Usage is what a runtime uses of its machine at one moment, as the engine
// tells it, about once a second. The engine tells nothing of GPUs.
type Usage struct {
	// At is the moment, by the engine's clock.
	At time.Time
	// CPU is how many processors it kept busy since the moment before: 1.5 is
	// one and a half.
	CPU float64
	// CPUs is how many processors the machine of the engine has; 0 where that
	// is not told.
	CPUs int
	// Memory is what it holds, in bytes, without files that the kernel keeps
	// for speed and gives back.
	Memory uint64
	// MemoryLimit is how much it can have: its limit, or all that the machine
	// has; 0 where that is not told.
	MemoryLimit uint64
	// DiskRead and DiskWrite are bytes per second since the moment before.
	DiskRead, DiskWrite float64
	// HasDisk tells that the engine tells about the disk at all.
	HasDisk bool
}

// Stats returns a channel that gives what the runtime uses while its container
// runs, through stops and starts: the newest wins, and what the receiver was
// too slow for is left out. The engine measures only while somebody asks. The
// channel is closed when ctx ends or Run is over.
func (m *Manager) Stats(ctx context.Context) <-chan Usage {
	c := make(chan Usage, 1)
	go func() {
		defer close(c)
		for s := range m.Watch(ctx) {
			if !s.State.Runs() {
				continue
			}
			// It ends with the container; the next snapshot tells of another start.
			err := m.engine().Stats(ctx, m.runtime, func(u Usage) {
				select {
				case <-c: // nobody took the one before
				default:
				}
				c <- u
			})
			if err != nil && ctx.Err() == nil {
				m.log.Debug("no statistics", "error", err)
			}
		}
	}()
	return c
}

// Stats implements [Engine].
func (d *Docker) Stats(ctx context.Context, id string, each func(Usage)) error {
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
func usage(before, now container.StatsResponse) Usage {
	seconds := now.Read.Sub(before.Read).Seconds()
	u := Usage{
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
