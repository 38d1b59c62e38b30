//go:build !linux

package install

import "runtime"

// Detect returns the system that the program runs on.
func Detect() System { return System{OS: runtime.GOOS} }
