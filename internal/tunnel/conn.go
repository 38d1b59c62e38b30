package tunnel

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"

	"colabtray/internal/child"
)

// traffic counts what went through a tunnel: whoever hears from the box knows that the
// connection lives.
type traffic struct {
	heard, sent atomic.Int64
	ended       atomic.Pointer[time.Time] // when the other side last ended a connection first
}

// endedLately reports whether the other side has just ended a connection.
func (t *traffic) endedLately() bool {
	at := t.ended.Load()
	return at != nil && time.Since(*at) < 100*time.Millisecond
}

// forwarded is a connection through a forward.
type forwarded struct {
	*net.UnixConn
	traffic *traffic
	// silent is called when the connection ends before anything came.
	silent func()
	heard  atomic.Bool
	sent   atomic.Bool // all that there was to send: an end is the answer to that
}

func (c *forwarded) Read(p []byte) (int, error) {
	n, err := c.UnixConn.Read(p)
	switch {
	case n > 0:
		c.heard.Store(true)
		c.traffic.heard.Add(int64(n))
	case err != nil && !os.IsTimeout(err) && !errors.Is(err, net.ErrClosed):
		if now := time.Now(); !c.sent.Load() {
			c.traffic.ended.Store(&now)
		}
		if !c.heard.Load() {
			c.silent()
		}
	}
	return n, err
}

// CloseWrite tells the other side that no more comes.
func (c *forwarded) CloseWrite() error {
	c.sent.Store(true)
	return c.UnixConn.CloseWrite()
}

func (c *forwarded) Write(p []byte) (int, error) {
	n, err := c.UnixConn.Write(p)
	c.traffic.sent.Add(int64(n))
	return n, err
}

// piped is a connection through the standard input and output of a command.
type piped struct {
	destination Destination
	child       *child.Child
	in, out     *os.File // what the command reads, and what it writes
	traffic     *traffic
	heard       atomic.Bool
	close       func() error
}

// newPiped starts the command, and calls free when the connection is closed.
func newPiped(d Destination, cmd *exec.Cmd, traffic *traffic, free func()) (*piped, error) {
	theirIn, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer theirIn.Close()
	out, theirOut, err := os.Pipe()
	if err != nil {
		_ = in.Close()
		return nil, err
	}
	defer theirOut.Close()
	cmd.Stdin, cmd.Stdout = theirIn, theirOut
	process, err := child.Start(cmd)
	if err != nil {
		_, _ = in.Close(), out.Close()
		return nil, err
	}
	return &piped{
		destination: d, child: process, in: in, out: out, traffic: traffic,
		close: sync.OnceValue(func() error {
			_ = in.Close()
			process.Kill() // a pipe of Windows is read until the other side ends
			<-process.Ended()
			free()
			return out.Close()
		}),
	}, nil
}

// Read reads what the command writes. One that ends without a word has failed.
func (c *piped) Read(p []byte) (int, error) {
	n, err := c.out.Read(p)
	switch {
	case n > 0:
		c.heard.Store(true)
		c.traffic.heard.Add(int64(n))
	case err != nil && !os.IsTimeout(err) && !c.heard.Load():
		<-c.child.Ended()
		if said := c.child.Said.String(); said != "" {
			return n, c.destination.failure(said)
		}
	}
	return n, err
}

func (c *piped) Write(p []byte) (int, error) {
	n, err := c.in.Write(p)
	c.traffic.sent.Add(int64(n))
	return n, err
}

// CloseWrite tells the other side that no more comes.
func (c *piped) CloseWrite() error { return c.in.Close() }

func (c *piped) Close() error { return c.close() }

// The deadlines hold where pipes have them: not on Windows.

func (c *piped) SetReadDeadline(at time.Time) error  { _ = c.out.SetReadDeadline(at); return nil }
func (c *piped) SetWriteDeadline(at time.Time) error { _ = c.in.SetWriteDeadline(at); return nil }

func (c *piped) SetDeadline(at time.Time) error {
	_ = c.SetReadDeadline(at)
	return c.SetWriteDeadline(at)
}

func (c *piped) LocalAddr() net.Addr  { return address(c.destination.String()) }
func (c *piped) RemoteAddr() net.Addr { return address(c.destination.String()) }

// address is the address of a connection through a command.
type address string

func (address) Network() string  { return "ssh" }
func (a address) String() string { return string(a) }
