package runtime

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"colabtray/internal/i18n"
)

// processAt returns a text that names the process that listens at a TCP port. It is
// empty if /proc does not show the process: only root sees other users' processes.
func processAt(port int) string {
	inodes := map[string]bool{}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		listeners(table, port, inodes)
	}
	if len(inodes) == 0 {
		return ""
	}
	links, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, link := range links {
		target, err := os.Readlink(link)
		if err != nil || !inodes[target] {
			continue
		}
		pid := strings.Split(link, "/")[2]
		name, err := os.ReadFile("/proc/" + pid + "/comm")
		if err != nil {
			continue
		}
		program := strings.TrimSpace(string(name))
		if destination := sshDestination(program, "/proc/"+pid+"/cmdline"); destination != "" {
			return i18n.T("problem.portSSH", "machine", destination, "pid", pid)
		}
		return i18n.T("problem.portProcess", "program", i18n.Line(program), "pid", pid)
	}
	return ""
}

// Limits of what is read of a process that listens, and of what is shown of it.
const (
	maxCommandLine = 16 << 10 // bytes
	maxDestination = 60       // runes
)

// sshDestination returns where a process of the person's own ssh leads to, if it is one
// that listens for a forwarding; else it returns "". cmdline is its file in /proc.
func sshDestination(program, cmdline string) string {
	if program != "ssh" {
		return ""
	}
	f, err := os.Open(cmdline)
	if err != nil {
		return ""
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxCommandLine))
	if err != nil {
		return ""
	}
	args := strings.Split(strings.TrimSuffix(string(text), "\x00"), "\x00")
	destination := []rune(i18n.Line(destinationOf(args[1:])))
	if len(destination) > maxDestination {
		return ""
	}
	return string(destination)
}

// destinationOf returns the first argument of ssh that is neither an option nor the
// argument of one.
func destinationOf(args []string) string {
	const withArgument = "BbcDEeFIiJLlmOoPpQRSWw" // as in ssh(1)
	for i := 0; i < len(args); i++ {
		options, is := strings.CutPrefix(args[i], "-")
		if !is {
			return args[i]
		}
		if at := strings.IndexAny(options, withArgument); at >= 0 && at == len(options)-1 {
			i++ // the argument is the next one
		}
	}
	return ""
}

// listeners adds the sockets that listen at the port to inodes, in the form of the
// links in /proc/PID/fd. The format of the table is in proc(5).
func listeners(table string, port int, inodes map[string]bool) {
	f, err := os.Open(table)
	if err != nil {
		return
	}
	defer f.Close()

	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) < 10 || fields[3] != listening {
			continue
		}
		_, hex, _ := strings.Cut(fields[1], ":")
		if n, err := strconv.ParseUint(hex, 16, 16); err == nil && int(n) == port {
			inodes["socket:["+fields[9]+"]"] = true
		}
	}
}
