//go:build !linux

package runtime

import goruntime "runtime"

// thisComputer tells what it has for a GPU; here the engine runs in a virtual
// machine, and that is what counts.
func thisComputer() gpuContext { return gpuContext{os: goruntime.GOOS} }
