package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// processorTime returns the processor time that a process has used so far.
func processorTime(cmd *exec.Cmd) (time.Duration, error) {
	const ofProcess = 2 // CPUCLOCK_SCHED, see clock_getcpuclockid(3)
	var used unix.Timespec
	err := unix.ClockGettime(int32(^cmd.Process.Pid<<3|ofProcess), &used)
	return time.Duration(used.Nano()), err
}

// processorUse returns the processor time that a process uses while meanwhile runs, and
// how long that takes.
func processorUse(cmd *exec.Cmd, meanwhile func() error) (used, took time.Duration, err error) {
	before, err := processorTime(cmd)
	if err != nil {
		return 0, 0, err
	}
	begun := time.Now()
	if err := meanwhile(); err != nil {
		return 0, 0, err
	}
	after, err := processorTime(cmd)
	return after - before, time.Since(begun), err
}

func pause(d time.Duration) func() error {
	return func() error { time.Sleep(d); return nil }
}

// resident returns the resident memory of a process, in bytes.
func resident(cmd *exec.Cmd) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, found := strings.CutPrefix(line, "VmRSS:"); found {
			kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kb << 10, err
		}
	}
	return 0, errors.New("no VmRSS")
}

// processor is the time that this program and its children have used.
func processor() (all time.Duration) {
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var use syscall.Rusage
		if syscall.Getrusage(who, &use) == nil {
			all += time.Duration(use.Utime.Nano() + use.Stime.Nano())
		}
	}
	return all
}

func end(cmd *exec.Cmd) {
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

// size compares the program with the least one, which has the same tray.
func size() ([]result, error) {
	info, err := os.Stat(program)
	if err != nil {
		return nil, err
	}
	hello, remove, err := buildHello()
	if err != nil {
		return nil, err
	}
	defer remove()
	least, err := os.Stat(hello)
	if err != nil {
		return nil, err
	}
	return []result{
		{"the program, stripped", mb(info.Size()), "at most 14 MB", info.Size() <= 14e6},
		{"a hello-world in the tray, stripped", mb(least.Size()), "", true},
	}, nil
}
