package jupyter

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"colabtray/internal/engine"
)

//go:embed askkernels.py
var askKernels string

//go:embed kernelusage.py
var kernelUsage string

// kernelTimeout limits a question to all kernels.
const kernelTimeout = time.Minute

// A kernel that answers and still computes, as in a thread, is not idle.
const (
	computeInterval = 2 * time.Second // how long its processor time is measured
	computing       = 0.1             // processors; an idle kernel uses less
)

// kernelID matches the ID of a kernel. jupyter_client uses a UUID.
var kernelID = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9a-zA-Z][0-9a-zA-Z_-]{0,99}$`) })

// KernelBusy reports whether one of the kernels is busy. It asks the kernels
// themselves, in the container. Notebook 6 reports a busy kernel as idle, from when a
// page connects to the kernel until the cell ends.
func KernelBusy(ctx context.Context, e engine.Engine, container string, kernels []string) (bool, error) {
	answers, err := kernelAnswers(ctx, e, container, kernels)
	if err == nil && slices.Contains(answers, "unknown") {
		err = errors.New("a kernel cannot be asked")
	}
	return err == nil && slices.Contains(answers, "busy"), err
}

// IdleKernels returns those of the kernels that answer, in the container, and do not
// compute. A kernel of which that is not known is left out.
func IdleKernels(ctx context.Context, e engine.Engine, container string, kernels []string) ([]string, error) {
	before, err := KernelUsages(ctx, e, container, kernels)
	if err != nil {
		return nil, err
	}
	measured := time.Now()
	select {
	case <-time.After(computeInterval):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	after, err := KernelUsages(ctx, e, container, kernels)
	if err != nil {
		return nil, err
	}
	most := computing * time.Since(measured).Seconds()
	answers, err := kernelAnswers(ctx, e, container, kernels)
	var idle []string
	for i, answer := range answers {
		was, measuredBefore := before[kernels[i]]
		is, measuredAfter := after[kernels[i]]
		if answer == "idle" && measuredBefore && measuredAfter && is.seconds-was.seconds <= most {
			idle = append(idle, kernels[i])
		}
	}
	return idle, err
}

// kernelAnswers asks the kernels whether they are busy: "idle", "busy" or "unknown" for
// each.
func kernelAnswers(ctx context.Context, e engine.Engine, container string, kernels []string) ([]string, error) {
	if len(kernels) == 0 {
		return nil, nil
	}
	c, err := e.Inspect(ctx, container)
	if err != nil {
		return nil, err
	}
	stdout, stderr, err := runOnKernels(ctx, e, c.ID, askKernels, kernels, strings.Join(infoFileDirs(c), ":"))
	if err != nil {
		return nil, err
	}
	answers := strings.Fields(stdout)
	isAnswer := func(s string) bool { return s == "idle" || s == "busy" || s == "unknown" }
	if len(answers) != len(kernels) || slices.ContainsFunc(answers, func(s string) bool { return !isAnswer(s) }) {
		return nil, fmt.Errorf("asking the kernels printed %q, and the error %q", stdout, stderr)
	}
	return answers, nil
}

// KernelUsage is what the processes of a kernel use.
type KernelUsage struct {
	// Memory is the resident memory in bytes. What processes share counts for each.
	Memory uint64

	seconds float64 // of processor time so far
}

// KernelUsages measures what kernels use, in the container. It leaves out a kernel
// whose processes it does not find.
func KernelUsages(ctx context.Context, e engine.Engine, container string, kernels []string) (map[string]KernelUsage, error) {
	if len(kernels) == 0 {
		return nil, nil
	}
	stdout, stderr, err := runOnKernels(ctx, e, container, kernelUsage, kernels)
	if err != nil {
		return nil, err
	}
	all, ok := parseKernelUsages(stdout, kernels)
	if !ok {
		return nil, fmt.Errorf("measuring the kernels printed %q, and the error %q", stdout, stderr)
	}
	return all, nil
}

func parseKernelUsages(text string, kernels []string) (all map[string]KernelUsage, ok bool) {
	all = map[string]KernelUsage{}
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) != 3 || !slices.Contains(kernels, fields[0]) {
			return nil, false
		}
		memory, memoryErr := strconv.ParseUint(fields[1], 10, 63)
		seconds, secondsErr := strconv.ParseFloat(fields[2], 64)
		if memoryErr != nil || secondsErr != nil || math.IsNaN(seconds) || math.IsInf(seconds, 0) || seconds < 0 {
			return nil, false
		}
		all[fields[0]] = KernelUsage{memory, seconds}
	}
	return all, true
}

// runOnKernels runs a Python script in the container, with arguments and the IDs of
// kernels.
func runOnKernels(ctx context.Context, e engine.Engine, container, script string, kernels []string, arguments ...string) (stdout, stderr string, err error) {
	for _, id := range kernels {
		if !kernelID().MatchString(id) {
			return "", "", errors.New("the ID of a kernel is not valid")
		}
	}
	executor, err := engine.Need[engine.Executor](e)
	if err != nil {
		return "", "", err
	}
	ctx, cancel := context.WithTimeout(ctx, kernelTimeout)
	defer cancel()
	cmd := slices.Concat(
		[]string{"sh", "-c", `python=$(command -v python3 || command -v python) && exec "$python" -c "$@"`, "sh", script},
		arguments, kernels,
	)
	return executor.Exec(ctx, container, cmd)
}
