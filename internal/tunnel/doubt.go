package tunnel

import (
	"net"
	"sync"
	"time"
)

// Times without an answer after which the way of a connection is in doubt. What takes
// longer is noticed by ssh's own questions.
const (
	FirstDoubt  = time.Second
	secondDoubt = 4 * time.Second
)

// Doubted returns a connection that calls doubt when nothing answers what was sent, and
// once more after a while.
func Doubted(conn net.Conn, doubt func()) net.Conn {
	d := &doubtedConn{Conn: conn}
	d.overdue = time.AfterFunc(secondDoubt, func() {
		doubt()
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.doubts++; d.waiting && d.doubts == 1 {
			d.overdue.Reset(secondDoubt - FirstDoubt)
		}
	})
	d.overdue.Stop()
	return d
}

// doubtedConn is a connection through a tunnel. Only while an answer is awaited has it
// a timer.
type doubtedConn struct {
	net.Conn
	overdue *time.Timer

	mu      sync.Mutex
	waiting bool // for an answer
	doubts  int  // since waiting
}

func (d *doubtedConn) Write(p []byte) (int, error) {
	d.mu.Lock()
	if !d.waiting {
		d.waiting, d.doubts = true, 0
		d.overdue.Reset(FirstDoubt)
	}
	d.mu.Unlock()
	return d.Conn.Write(p)
}

func (d *doubtedConn) Read(p []byte) (int, error) {
	n, err := d.Conn.Read(p)
	d.answered()
	return n, err
}

func (d *doubtedConn) answered() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiting = false
	d.overdue.Stop()
}

// CloseWrite tells the other side that nothing more comes. Copies into a container end
// by that.
func (d *doubtedConn) CloseWrite() error {
	if half, can := d.Conn.(interface{ CloseWrite() error }); can {
		return half.CloseWrite()
	}
	return nil
}

func (d *doubtedConn) Close() error {
	d.answered()
	return d.Conn.Close()
}
