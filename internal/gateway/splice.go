package gateway

import (
	"io"
	"net"
	"sync"
)

// splice copies between two connections until both directions have ended. The end of
// one direction is passed on; an error ends both. Between two TCP connections, the
// system copies by itself where it can.
func splice(a, b net.Conn) {
	var other sync.WaitGroup
	other.Go(func() { copyUntilEnd(a, b) })
	copyUntilEnd(b, a)
	other.Wait()
}

func copyUntilEnd(to, from net.Conn) {
	_, err := io.Copy(to, from)
	if half, is := to.(interface{ CloseWrite() error }); is && err == nil {
		err = half.CloseWrite()
		if err == nil {
			return
		}
	}
	_ = to.Close()
	_ = from.Close()
}
