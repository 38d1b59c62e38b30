//go:build !linux

package runtime

import goruntime "runtime"

// thisComputer returns the facts of this computer. Outside of Linux the engine runs in
// a virtual machine, so the driver of this computer does not matter.
func thisComputer() gpuContext { return gpuContext{os: goruntime.GOOS} }
