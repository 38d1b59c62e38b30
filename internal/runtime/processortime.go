package runtime

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"colabtray/internal/engine"
	"colabtray/internal/jupyter"
)

// usesProcessor is [Manager.usesCPU] for an engine that does not measure, as a rootless
// one without cgroups of version 2: the container's processes tell their processor time.
func (m *Manager) usesProcessor(ctx context.Context, interval time.Duration) (bool, error) {
	in, err := engine.Need[engine.Executor](m.engine())
	if err != nil {
		return false, err
	}
	before, err := processorTime(ctx, in, m.runtime)
	if err != nil {
		return false, err
	}
	began := time.Now()
	select {
	case <-time.After(interval):
	case <-ctx.Done():
		return false, ctx.Err()
	}
	after, err := processorTime(ctx, in, m.runtime)
	return (after-before).Seconds()/time.Since(began).Seconds() > working, err
}

// processorTime returns the processor time of a container's processes, and of those that
// have ended and were their children.
func processorTime(ctx context.Context, in engine.Executor, container string) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, jupyter.RequestTimeout)
	defer cancel()
	const end = "end"
	// Processes end meanwhile: cat says so.
	stdout, stderr, err := in.Exec(ctx, container, []string{"sh", "-c", "cat /proc/[0-9]*/stat 2>/dev/null; echo " + end})
	if err != nil {
		return 0, err
	}
	lines, complete := strings.CutSuffix(stdout, end+"\n")
	spent, known := ticks(lines)
	if !complete || !known {
		return 0, fmt.Errorf("the processes tell %.100q, and the error %.100q", stdout, stderr)
	}
	const perSecond = 100 // on each architecture of an engine
	return time.Duration(spent) * time.Second / perSecond, nil
}

// ticks sums the processor time in lines of proc_pid_stat(5). It is not known without
// any.
func ticks(lines string) (sum int64, known bool) {
	for line := range strings.Lines(lines) {
		// The name, in brackets, can have any character.
		fields := strings.Fields(line[strings.LastIndexByte(line, ')')+1:])
		const first, behind = 11, 15 // utime, stime, cutime, cstime
		if len(fields) < behind {
			continue
		}
		for _, field := range fields[first:behind] {
			if n, err := strconv.ParseInt(field, 10, 48); err == nil {
				sum += n
			}
		}
		known = true
	}
	return sum, known
}
