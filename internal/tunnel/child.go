package tunnel

import (
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// child is a process that ends with this program, and the commands that it runs itself
// with it.
type child struct {
	cmd   *exec.Cmd
	says  *tail // standard error, unless somebody else has it
	ended chan struct{}
	err   error // of Wait, once ended
}

// start starts a command.
func start(cmd *exec.Cmd) (*child, error) {
	c := &child{cmd: cmd, says: &tail{}, ended: make(chan struct{})}
	if cmd.Stderr == nil {
		cmd.Stderr = c.says
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

// end asks the child to end, which then removes its sockets, and ends it if it does not.
func (c *child) end() {
	c.ask()
	timer := time.NewTimer(time.Second)
	defer timer.Stop()
	select {
	case <-c.ended:
	case <-timer.C:
		c.kill()
		<-c.ended
	}
}

// environment is that of ssh. Its messages are English, and it asks nobody unless
// there is a program to ask with.
func environment(askpass string) []string {
	env := slices.DeleteFunc(os.Environ(), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return name == "LC_ALL" || strings.HasPrefix(name, "SSH_ASKPASS")
	})
	env = append(env, "LC_ALL=C")
	if askpass == "" {
		// The ssh of a jump host would ask.
		return append(env, "SSH_ASKPASS_REQUIRE=never")
	}
	return append(env, "SSH_ASKPASS="+askpass, "SSH_ASKPASS_REQUIRE=force")
}

// tail keeps the end of what is written to it.
type tail struct {
	mu      sync.Mutex
	kept    []byte
	written int64
}

// kept is how much a tail keeps at least.
const kept = 16 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.add(p)
	return len(p), nil
}

// add is Write for who holds mu.
func (t *tail) add(p []byte) {
	t.written += int64(len(p))
	t.kept = append(t.kept, p...)
	if len(t.kept) > 2*kept {
		t.kept = slices.Clone(t.kept[len(t.kept)-kept:])
	}
}

// mark returns the place at which the next text begins.
func (t *tail) mark() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.written
}

// since returns what was written since a mark.
func (t *tail) since(mark int64) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.kept[max(0, int64(len(t.kept))-(t.written-mark)):])
}

func (t *tail) String() string { return t.since(0) }
