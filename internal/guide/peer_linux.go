package guide

import (
	"bufio"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// isOwnUser reports whether a connection comes from a program of the person's own, or
// of root, who can do all that the person can. Whose it is must be known: the
// address with the key stands on the browser's command line, which everybody on
// the machine can read.
func isOwnUser(c net.Conn) bool {
	far, errFar := netip.ParseAddrPort(c.RemoteAddr().String())
	near, errNear := netip.ParseAddrPort(c.LocalAddr().String())
	if errFar != nil || errNear != nil {
		return false
	}
	// A socket of either family can reach a listener on 127.0.0.1.
	for table, write := range map[string]func(netip.AddrPort) string{"tcp": inTable4, "tcp6": inTable6} {
		if owner, known := owner(table, write(far), write(near)); known {
			return owner == 0 || owner == os.Geteuid()
		}
	}
	return false
}

// owner looks up in a table of the kernel's who has the socket at an end of a
// connection. It is not known of one that its program has closed: nobody has
// it, and the table says 0, as if it were root.
func owner(table, end, otherEnd string) (uid int, known bool) {
	// proc_net(5) has its format. /proc/net is the network of the first thread,
	// which need not be ours.
	file, err := os.Open("/proc/thread-self/net/" + table)
	if err != nil {
		return 0, false
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) < 10 || fields[1] != end || fields[2] != otherEnd {
			continue
		}
		uid, err := strconv.Atoi(fields[7])
		inode := fields[9]
		return uid, err == nil && inode != "0"
	}
	return 0, false
}

// inTable4 writes an IPv4 address as the table tcp does: the number as it lies
// in memory, which on all machines we are made for has its last byte first.
func inTable4(a netip.AddrPort) string {
	ip := a.Addr().Unmap().As4()
	return fmt.Sprintf("%02X%02X%02X%02X:%04X", ip[3], ip[2], ip[1], ip[0], a.Port())
}

// inTable6 writes it as the table tcp6 does, as that of an IPv6 socket.
func inTable6(a netip.AddrPort) string {
	return "0000000000000000FFFF0000" + inTable4(a)
}
