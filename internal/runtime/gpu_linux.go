package runtime

import (
	"os"
	"slices"
)

// driverSigns are files that exist if NVIDIA's driver is installed, on Linux or in WSL.
var driverSigns = []string{"/proc/driver/nvidia/version", "/dev/nvidiactl", "/usr/lib/wsl/lib/nvidia-smi"}

// thisComputer returns the facts of this computer.
func thisComputer() gpuContext {
	return gpuContext{os: "linux", driver: slices.ContainsFunc(driverSigns, func(path string) bool {
		_, err := os.Stat(path)
		return err == nil
	})}
}
