package gateway

import (
	"context"
	"net"
	"os"
	"os/exec"
	"sync"
	"testing"
)

// TestFreesItsPort: nobody listens at the port of a closed gateway, and others can, also
// while the program starts others.
func TestFreesItsPort(t *testing.T) {
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
	for range 200 {
		g := listen(t)
		at := g.listener.Addr().String()
		g.Close()
		if conn, err := net.Dial("tcp4", at); err == nil {
			_ = conn.Close()
			t.Fatal("it is listened")
		}
		l, err := net.Listen("tcp4", at)
		if err != nil {
			t.Fatal(err)
		}
		free(l)
	}
}
