package memory

import (
	"context"
	"net"
	"os"
	"os/exec"
	"sync"
	"testing"
)

// TestListenAgain: a port is used again at once, also while this process starts others.
func TestListenAgain(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var starts sync.WaitGroup
	for range 4 {
		starts.Go(func() {
			for ctx.Err() == nil {
				if err := exec.Command(self, "-test.run=^$").Run(); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	defer starts.Wait()
	defer stop()
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
