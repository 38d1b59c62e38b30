//go:build !linux && !windows

package guide

import (
	"context"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// listTime is how long it may take to list who has which connection.
const listTime = 5 * time.Second

// isOwnUser reports whether a connection comes from a program of the person's own.
// Whose it is must be known: the address with the key stands for a moment on the
// command line of what opens the browser, which everybody on the machine can
// read.
func isOwnUser(c net.Conn) bool {
	_, port, err := net.SplitHostPort(c.RemoteAddr().String())
	if err != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), listTime)
	defer cancel()
	// It fails where it finds nothing; what it prints is what counts.
	list, _ := exec.CommandContext(ctx, "/usr/sbin/lsof",
		"-nP", "-a", "-u", strconv.Itoa(os.Geteuid()), "-iTCP:"+port, "-Fn").Output()
	return listed(string(list), c.RemoteAddr().String(), c.LocalAddr().String())
}

// listed reports whether a list has the end of a connection, one field a line,
// of which names begin with an n.
func listed(list, end, otherEnd string) bool {
	for line := range strings.Lines(list) {
		if strings.TrimSpace(line) == "n"+end+"->"+otherEnd {
			return true
		}
	}
	return false
}
