package engine

import "time"

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
