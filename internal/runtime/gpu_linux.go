package runtime

import (
	"os"
	"slices"
)

// driverSigns are what NVIDIA's driver leaves: on Linux, and in WSL.
var driverSigns = []string{"/proc/driver/nvidia/version", "/dev/nvidiactl", "/usr/lib/wsl/lib/nvidia-smi"}

// thisComputer tells what it has for a GPU.
func thisComputer() gpuContext {
	return gpuContext{os: "linux", driver: slices.ContainsFunc(driverSigns, func(path string) bool {
		_, err := os.Stat(path)
		return err == nil
	})}
}
