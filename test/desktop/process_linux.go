package desktop

import (
	"bytes"
	"errors"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
)

// processes are the programs of a session, each in a process group of its own.
type processes struct {
	requests chan func()

	mu   sync.Mutex
	list []*process
}

// process is a program of a session.
type process struct {
	name  string
	cmd   *exec.Cmd
	ended chan struct{} // closed when the program has ended

	mu     sync.Mutex
	output bytes.Buffer
}

// begin makes the thread that starts the programs. The kernel kills them when that
// thread ends, so that a killed test run leaves nothing behind.
func (ps *processes) begin() {
	ps.requests = make(chan func())
	go func() {
		runtime.LockOSThread()
		for request := range ps.requests {
			request()
		}
	}()
}

func (ps *processes) start(cmd *exec.Cmd) (*process, error) {
	p := &process{name: filepath.Base(cmd.Path), cmd: cmd, ended: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = p, p
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	ps.requests <- func() { started <- cmd.Start() }
	if err := <-started; err != nil {
		return nil, err
	}
	go func() {
		_ = cmd.Wait()
		close(p.ended)
	}()
	ps.mu.Lock()
	defer ps.mu.Unlock()
	ps.list = append(ps.list, p)
	return p, nil
}

func (ps *processes) all() []*process {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	return append([]*process(nil), ps.list...)
}

// end ends all programs, in the reverse order of their start.
func (ps *processes) end() {
	all := ps.all()
	for i := range all {
		all[len(all)-1-i].kill()
	}
	close(ps.requests)
}

// Write takes the output of the program.
func (p *process) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.Write(text)
}

// Output returns what the program has printed so far, on both streams.
func (p *process) Output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.String()
}

// Pid returns the process id.
func (p *process) Pid() int { return p.cmd.Process.Pid }

// Ended returns a channel that is closed when the program has ended.
func (p *process) Ended() <-chan struct{} { return p.ended }

// ExitCode returns the exit code of a program that has ended.
func (p *process) ExitCode() int { return p.cmd.ProcessState.ExitCode() }

// Signal sends the program a signal.
func (p *process) Signal(signal syscall.Signal) error {
	err := p.cmd.Process.Signal(signal)
	if errors.Is(err, syscall.ESRCH) {
		return nil
	}
	return err
}

// kill kills the program and its children, and waits until the program has ended.
func (p *process) kill() {
	select {
	case <-p.ended:
	default:
		_ = syscall.Kill(-p.Pid(), syscall.SIGKILL)
		<-p.ended
	}
}
