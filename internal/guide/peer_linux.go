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

// stranger reports whether a connection comes from another person's program on
// this machine: the address with the key stands on the browser's command line,
// which they could read. Root is none, who can do all we can, and a connection
// whose owner is not told, as that of a port that is brought from elsewhere.
func stranger(c net.Conn) bool {
	far, near := tableAddress(c.RemoteAddr()), tableAddress(c.LocalAddr())
	// proc_net(5) has its format. /proc/net is the network of the first thread,
	// which need not be ours.
	table, err := os.Open("/proc/thread-self/net/tcp")
	if err != nil || far == "" || near == "" {
		return false
	}
	defer table.Close()
	for lines := bufio.NewScanner(table); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) < 8 || fields[1] != far || fields[2] != near {
			continue
		}
		owner, err := strconv.Atoi(fields[7])
		return err == nil && owner != 0 && owner != os.Geteuid()
	}
	return false
}

// tableAddress writes an IPv4 address as the table does: the number as it lies
// in memory, which on all machines we are made for has its last byte first.
func tableAddress(a net.Addr) string {
	at, err := netip.ParseAddrPort(a.String())
	if err != nil || !at.Addr().Unmap().Is4() {
		return ""
	}
	ip := at.Addr().Unmap().As4()
	return fmt.Sprintf("%02X%02X%02X%02X:%04X", ip[3], ip[2], ip[1], ip[0], at.Port())
}
