package testenv

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// Network is a network namespace for a browser, with only a loopback interface.
// Chromium aborts requests with ERR_NETWORK_CHANGED when an interface appears or
// disappears on its network, as happens with every container of any test.
type Network struct {
	t    testing.TB
	name string
}

// NewNetwork makes a network, which is removed when the test ends.
func NewNetwork(t testing.TB) *Network {
	t.Helper()
	Need(t, "root, to give the browser a network of its own", os.Geteuid() == 0)
	NeedCommand(t, "ip")
	n := &Network{t, fmt.Sprintf("colab-tray-test-%d-%d", os.Getpid(), FreePort(t))}
	AfterDeath(t, `ip netns delete "$1"`, n.name)
	n.ip("netns", "add", n.name)
	t.Cleanup(func() { n.ip("netns", "delete", n.name) })
	n.ip("-netns", n.name, "link", "set", "lo", "up")
	return n
}

func (n *Network) ip(arguments ...string) {
	n.t.Helper()
	if out, err := exec.Command("ip", arguments...).CombinedOutput(); err != nil {
		n.t.Fatalf("ip %s: %v: %s", strings.Join(arguments, " "), err, out)
	}
}

// Command returns the path of a script that runs another command on this network.
func (n *Network) Command(other string) string {
	n.t.Helper()
	path := filepath.Join(n.t.TempDir(), other)
	text := fmt.Sprintf("#!/bin/sh\nexec ip netns exec %s %s \"$@\"\n", n.name, other)
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		n.t.Fatal(err)
	}
	return path
}

// Open forwards a port of 127.0.0.1 on this network to the same port of this machine,
// until the test ends.
func (n *Network) Open(port int) {
	n.t.Helper()
	address := fmt.Sprintf("127.0.0.1:%d", port)
	listener, err := n.listen(address)
	if err != nil {
		n.t.Fatal(err)
	}
	var relays sync.WaitGroup
	relays.Go(func() {
		for {
			inside, err := listener.Accept()
			if err != nil {
				return
			}
			relays.Go(func() { relay(inside, "tcp", address) })
		}
	})
	n.t.Cleanup(func() {
		listener.Close()
		relays.Wait()
	})
}

// listen listens on this network. A socket belongs to the network of the thread that
// made it.
func (n *Network) listen(address string) (listener net.Listener, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // never unlocked, so that the thread ends with this goroutine
		var file *os.File
		if file, err = os.Open("/run/netns/" + n.name); err != nil {
			return
		}
		defer file.Close()
		if err = unix.Setns(int(file.Fd()), unix.CLONE_NEWNET); err != nil {
			return
		}
		listener, err = net.Listen("tcp", address)
	}()
	<-done
	return listener, err
}

// relay copies between a connection and a new one to the address, until either side ends.
func relay(client net.Conn, network, address string) {
	defer client.Close()
	server, err := net.Dial(network, address)
	if err != nil {
		return
	}
	defer server.Close()
	var copies sync.WaitGroup
	for from, to := range map[net.Conn]net.Conn{client: server, server: client} {
		copies.Go(func() {
			_, _ = io.Copy(to, from)
			_ = from.Close()
			_ = to.Close()
		})
	}
	copies.Wait()
}
