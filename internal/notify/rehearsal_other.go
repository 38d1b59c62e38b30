//go:build !darwin

package notify

// Rehearse does nothing: only on macOS a notification could end a process.
func Rehearse() {}
