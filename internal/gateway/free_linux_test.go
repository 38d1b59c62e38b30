package gateway

import (
	"net"
	"testing"

	"colabtray/test/testenv"
)

// TestFreesItsPort: others can listen at the port of a closed gateway at once, also while
// the program starts others.
func TestFreesItsPort(t *testing.T) {
	testenv.StartPrograms(t)
	for range 200 {
		g := listen(t)
		at := g.listener.Addr().String()
		g.Close()
		l, err := net.Listen("tcp4", at)
		if err != nil {
			t.Fatal(err)
		}
		free(l)
	}
}
