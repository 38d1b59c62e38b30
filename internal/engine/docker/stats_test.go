package docker

import (
	"testing"
	"time"

	"colabtray/internal/engine"

	"github.com/docker/docker/api/types/container"
)

// TestUsage holds what is made of the engine's counters.
func TestUsage(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	moment := func(seconds int, cpu, memory, read uint64, cache map[string]uint64) container.StatsResponse {
		s := container.StatsResponse{Read: at.Add(time.Duration(seconds) * time.Second)}
		s.CPUStats.CPUUsage.TotalUsage, s.CPUStats.OnlineCPUs = cpu, 4
		s.MemoryStats = container.MemoryStats{Usage: memory, Limit: 1000, Stats: cache}
		if read > 0 {
			s.BlkioStats.IoServiceBytesRecursive = []container.BlkioStatEntry{
				{Major: 8, Op: "Read", Value: read}, {Major: 9, Op: "read", Value: read}, {Op: "write", Value: 10}, {Op: "Total", Value: 99},
			}
		}
		return s
	}
	withNetworks := func(s container.StatsResponse, received, sent uint64) container.StatsResponse {
		s.Networks = map[string]container.NetworkStats{"eth0": {RxBytes: received, TxBytes: sent}, "eth1": {RxBytes: received}}
		return s
	}
	for name, test := range map[string]struct {
		before, now container.StatsResponse
		want        engine.Usage
	}{
		"control groups 2": {
			moment(0, 1e9, 100, 0, nil), moment(2, 4e9, 300, 0, map[string]uint64{"inactive_file": 50}),
			engine.Usage{CPU: 1.5, CPUs: 4, Memory: 250, MemoryLimit: 1000},
		},
		"control groups 1, and a disk": {
			moment(0, 0, 100, 100, nil), moment(1, 1e9, 300, 150, map[string]uint64{"total_inactive_file": 100}),
			engine.Usage{CPU: 1, CPUs: 4, Memory: 200, MemoryLimit: 1000, DiskRead: 100, HasDisk: true},
		},
		"networks": {
			withNetworks(moment(0, 0, 100, 0, nil), 100, 500), withNetworks(moment(2, 2e9, 100, 0, nil), 300, 400),
			engine.Usage{CPU: 1, CPUs: 4, Memory: 100, MemoryLimit: 1000, Received: 200, HasNetwork: true},
		},
		"counters that began anew": {
			moment(0, 9e9, 100, 500, nil), moment(1, 1e9, 100, 100, map[string]uint64{"inactive_file": 400}),
			engine.Usage{CPU: 0, CPUs: 4, Memory: 100, MemoryLimit: 1000, HasDisk: true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			test.want.At = test.now.Read
			if got := usage(test.before, test.now); got != test.want {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
		})
	}
}
