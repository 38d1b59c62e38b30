//go:build !linux

package install

import "runtime"

// This returns the system that the program runs on.
func This() System { return System{OS: runtime.GOOS} }
