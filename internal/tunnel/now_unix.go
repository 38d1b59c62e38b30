//go:build !windows

package tunnel

import "golang.org/x/sys/unix"

// readNow reads what there is, without waiting.
func readNow(fd uintptr, p []byte) (int, error) { return unix.Read(int(fd), p) }

// peekNow tells how much can be read from a socket, and leaves it there, without
// waiting.
func peekNow(fd uintptr) (int, error) {
	n, _, err := unix.Recvfrom(int(fd), make([]byte, 1), unix.MSG_PEEK|unix.MSG_DONTWAIT)
	return n, err
}
