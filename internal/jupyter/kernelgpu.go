package jupyter

import (
	"io/fs"
	"path"
	"strconv"
	"strings"

	"colabtray/internal/gpu"
)

// KernelGPUMemory returns the memory of graphics cards that the processes of each
// kernel use. proc is the /proc of the computer with the cards, on which the kernels
// run. A kernel is left out where its use is not known.
func KernelGPUMemory(proc fs.FS, processes []gpu.Process, kernels []string) map[string]uint64 {
	used, unknown := map[string]uint64{}, map[string]bool{}
	hidden := false // a process that may be of any kernel
	for _, p := range processes {
		id, seen := kernelOf(proc, p.PID, kernels)
		used[id] += p.Memory
		unknown[id] = unknown[id] || p.Unknown
		hidden = hidden || !seen
	}
	all := map[string]uint64{}
	for _, id := range kernels {
		if !unknown[id] && !hidden {
			all[id] = used[id]
		}
	}
	return all
}

// maxAncestors limits the way from a process up to its kernel.
const maxAncestors = 100

// kernelOf returns the kernel that a process belongs to: that whose connection file is
// on its command line, or on that of a process that it descends from; empty if there is
// none. seen tells that all these processes could be looked at.
func kernelOf(proc fs.FS, pid int, kernels []string) (id string, seen bool) {
	for range maxAncestors {
		if pid <= 1 {
			return "", true
		}
		dir := strconv.Itoa(pid)
		command, err := fs.ReadFile(proc, dir+"/cmdline")
		if err != nil {
			return "", false
		}
		for argument := range strings.SplitSeq(string(command), "\x00") {
			for _, id := range kernels {
				if path.Base(argument) == "kernel-"+id+".json" {
					return id, true
				}
			}
		}
		stat, err := fs.ReadFile(proc, dir+"/stat")
		if err != nil {
			return "", false
		}
		// proc_pid_stat(5): behind the program's name are the state and the parent.
		fields := strings.Fields(string(stat)[strings.LastIndexByte(string(stat), ')')+1:])
		if len(fields) < 2 {
			return "", false
		}
		if pid, err = strconv.Atoi(fields[1]); err != nil {
			return "", false
		}
	}
	return "", true
}
