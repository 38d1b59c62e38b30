// Package child starts programs that end with this one: ssh, kubectl. It owns how a
// system ends a process and its own children along with ours, and keeps the end of what
// such a program says. It does not know any of them.
package child

import (
	"os/exec"
	"runtime"
	"slices"
	"sync"
	"time"
)

// Child is a process that ends with this program, and the commands that it runs itself
// with it.
type Child struct {
	// Said has the end of its standard error, unless somebody else has that.
	Said *Tail

	cmd   *exec.Cmd
	ended chan struct{}
	err   error // of Wait, once ended
}

// Start starts a command.
func Start(cmd *exec.Cmd) (*Child, error) {
	c := &Child{cmd: cmd, Said: &Tail{}, ended: make(chan struct{})}
	if cmd.Stderr == nil {
		cmd.Stderr = c.Said
	}
	ofItsOwn(cmd)
	// A proxy command of ssh can outlive it, with standard error open.
	cmd.WaitDelay = time.Second
	started := make(chan error)
	go func() {
		// Linux ends the child when the thread that started it ends, so that thread
		// must live as long.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		release, err := startWithParent(cmd)
		started <- err
		if err == nil {
			c.err = cmd.Wait()
			release()
			close(c.ended)
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return c, nil
}

// Ended returns a channel that is closed once the child has ended.
func (c *Child) Ended() <-chan struct{} { return c.ended }

// PID returns the number of the process.
func (c *Child) PID() int { return c.cmd.Process.Pid }

// Err returns how a child ended that has ended, as [exec.Cmd.Wait] does.
func (c *Child) Err() error { return c.err }

// End asks the child to end, which then removes its sockets, and ends it if it does not.
func (c *Child) End() {
	c.Ask()
	timer := time.NewTimer(time.Second)
	defer timer.Stop()
	select {
	case <-c.ended:
	case <-timer.C:
		c.Kill()
		<-c.ended
	}
}

// Tail keeps the end of what is written to it.
type Tail struct {
	mu      sync.Mutex
	kept    []byte
	written int64
}

// kept is how much a Tail keeps at least.
const kept = 16 << 10

// Write implements [io.Writer]. It never fails.
func (t *Tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.written += int64(len(p))
	t.kept = append(t.kept, p...)
	if len(t.kept) > 2*kept {
		t.kept = slices.Clone(t.kept[len(t.kept)-kept:])
	}
	return len(p), nil
}

// Mark returns the place at which the next text begins.
func (t *Tail) Mark() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.written
}

// Since returns what was written since a mark.
func (t *Tail) Since(mark int64) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.kept[max(0, int64(len(t.kept))-(t.written-mark)):])
}

// String returns all that is kept.
func (t *Tail) String() string { return t.Since(0) }
