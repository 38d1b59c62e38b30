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

// listTime limits how long lsof may take.
const listTime = 5 * time.Second

// isOwnUser reports whether a connection comes from a program of the person. A
// connection of an unknown owner counts as somebody else's: everybody on the machine
// can for a moment read the address with the key, on the command line of the program
// that opens the browser.
func isOwnUser(c net.Conn) bool {
	_, port, err := net.SplitHostPort(c.RemoteAddr().String())
	if err != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), listTime)
	defer cancel()
	// lsof also fails when it finds nothing, so only its output counts.
	list, _ := exec.CommandContext(ctx, "/usr/sbin/lsof",
		"-nP", "-a", "-u", strconv.Itoa(os.Geteuid()), "-iTCP:"+port, "-Fn").Output()
	return listed(string(list), c.RemoteAddr().String(), c.LocalAddr().String())
}

// listed reports whether the output of lsof contains a socket with these addresses.
// The output has one field a line, and the lines with names begin with an n.
func listed(list, local, remote string) bool {
	for line := range strings.Lines(list) {
		if strings.TrimSpace(line) == "n"+local+"->"+remote {
			return true
		}
	}
	return false
}
