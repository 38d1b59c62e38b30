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

// isOwnUser reports whether a connection comes from a program of the person, or of
// root, who can do everything that the person can. A connection of an unknown owner
// counts as somebody else's: everybody on the machine can read the address with the
// key on the browser's command line.
func isOwnUser(c net.Conn) bool {
	remote, errRemote := netip.ParseAddrPort(c.RemoteAddr().String())
	local, errLocal := netip.ParseAddrPort(c.LocalAddr().String())
	if errRemote != nil || errLocal != nil {
		return false
	}
	// Both IPv4 and IPv6 sockets can connect to a listener on 127.0.0.1.
	for table, format := range map[string]func(netip.AddrPort) string{"tcp": formatIPv4, "tcp6": formatIPv6} {
		if owner, known := owner(table, format(remote), format(local)); known {
			return owner == 0 || owner == os.Geteuid()
		}
	}
	return false
}

// owner looks up the owner of a socket in a table of the kernel, by the local and
// remote addresses of the socket. The owner of a socket that its program has closed
// is not known: the table shows such a socket with the user id 0, as if it were
// root's, and the inode 0.
func owner(table, local, remote string) (uid int, known bool) {
	// The format is documented in proc_net(5). /proc/net is the network namespace of
	// the main thread, which need not be that of this thread.
	file, err := os.Open("/proc/thread-self/net/" + table)
	if err != nil {
		return 0, false
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) < 10 || fields[1] != local || fields[2] != remote {
			continue
		}
		uid, err := strconv.Atoi(fields[7])
		inode := fields[9]
		return uid, err == nil && inode != "0"
	}
	return 0, false
}

// formatIPv4 returns an IPv4 address in the format of the table tcp: the address is
// printed as a number in the byte order of the machine, which is little-endian on all
// machines that the program is built for.
func formatIPv4(a netip.AddrPort) string {
	ip := a.Addr().Unmap().As4()
	return fmt.Sprintf("%02X%02X%02X%02X:%04X", ip[3], ip[2], ip[1], ip[0], a.Port())
}

// formatIPv6 returns an IPv4 address in the format of the table tcp6, as an
// IPv4-mapped IPv6 address.
func formatIPv6(a netip.AddrPort) string {
	return "0000000000000000FFFF0000" + formatIPv4(a)
}
