package install

import (
	"os"
	"strings"
)

// Detect returns the system that the program runs on.
func Detect() System {
	text, err := os.ReadFile("/etc/os-release")
	if err != nil {
		text, _ = os.ReadFile("/usr/lib/os-release")
	}
	s := parse(string(text))
	// This is the test of sd_booted(3).
	_, err = os.Lstat("/run/systemd/system")
	s.Systemd = err == nil
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	s.WSL = strings.Contains(strings.ToLower(string(kernel)), "microsoft")
	return s
}
