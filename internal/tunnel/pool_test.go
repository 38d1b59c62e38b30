package tunnel

import (
	"errors"
	"net"
	"testing"
)

// TestPool: who uses one box as one user shares a tunnel, which the last one closes.
func TestPool(t *testing.T) {
	var pool Pool
	open := func(address, dir string) *Share {
		t.Helper()
		d, err := ParseDestination(address)
		if err != nil {
			t.Fatal(err)
		}
		s := pool.Open(d, Options{Dir: dir, Program: "no-such-ssh"})
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	closed := func(s *Share) bool {
		_, err := s.DialPort(t.Context(), 1)
		return errors.Is(err, net.ErrClosed)
	}
	one, two := open("ssh://box/var/run/docker.sock", "a"), open("ssh://box/run/podman/podman.sock", "a")
	if one.Tunnel != two.Tunnel {
		t.Error("two sockets of one box have a tunnel each")
	}
	for _, other := range []*Share{open("ssh://me@box", "a"), open("ssh://box:2222", "a"), open("ssh://bax", "a"), open("ssh://box", "b")} {
		if other.Tunnel == one.Tunnel {
			t.Errorf("%v shares the tunnel", other.account)
		}
	}
	for range 2 {
		if err := one.Close(); err != nil {
			t.Error(err)
		}
	}
	if closed(two) {
		t.Error("one of two has closed the tunnel of both")
	}
	two.Outdate()
	three := open("ssh://box", "a")
	if three.Tunnel == two.Tunnel || closed(two) {
		t.Error("an outdated tunnel goes on for a newcomer, or ends for those who have it")
	}
	if err := two.Close(); err != nil {
		t.Error(err)
	}
	if !closed(two) || closed(three) {
		t.Error("the last one has not closed its own tunnel, or another one")
	}
	if four := open("ssh://box", "a"); four.Tunnel != three.Tunnel {
		t.Error("the end of an outdated tunnel is that of its successor")
	}
}
