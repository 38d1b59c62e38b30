//go:build !windows

package tunnel

// noMaster is whether this system's ssh has no master.
const noMaster = false
