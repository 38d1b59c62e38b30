package testenv

import (
	"bufio"
	"os/exec"
	"strings"
	"testing"
)

// SessionBus starts a D-Bus session bus for one test, with no other programs on it, and
// returns its address.
func SessionBus(t testing.TB) string {
	t.Helper()
	NeedCommand(t, "dbus-daemon")
	daemon := exec.Command("dbus-daemon", "--session", "--nofork", "--print-address")
	out, err := daemon.StdoutPipe()
	if err == nil {
		err = daemon.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = daemon.Process.Kill()
		_ = daemon.Wait()
	})
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(address)
}
