package memory

import (
	"net"
	"testing"

	"colabtray/test/testenv"
)

// TestListenAgain: a port is used again at once, also while this process starts others.
func TestListenAgain(t *testing.T) {
	testenv.StartPrograms(t)
	l, err := listen(0)
	for range 200 {
		if err != nil {
			t.Fatal(err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		_ = l.Close()
		l, err = listen(port)
	}
	_ = l.Close()
}
