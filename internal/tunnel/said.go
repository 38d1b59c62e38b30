package tunnel

import (
	"os"
	"os/exec"
	"sync"
	"syscall"

	"colabtray/internal/child"
)

// said is what a command says on standard error. What it said before something else
// happened is never missed.
type said struct {
	child.Tail
	draining    sync.Mutex
	raw         syscall.RawConn
	read, write *os.File
}

// listenTo gives a command its standard error, before it is started.
func listenTo(cmd *exec.Cmd) (*said, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	s := &said{read: read, write: write}
	if s.raw, err = read.SyscallConn(); err != nil {
		s.close()
		return nil, err
	}
	cmd.Stderr = write
	return s, nil
}

// begin begins to listen, once the command is started.
func (s *said) begin() {
	_ = s.write.Close()
	go func() {
		_ = s.raw.Read(func(fd uintptr) bool { return !s.drain(fd) })
	}()
}

// drain reads what there is, and reports whether more can come.
func (s *said) drain(fd uintptr) bool {
	s.draining.Lock()
	defer s.draining.Unlock()
	for p := make([]byte, 4096); ; {
		n, err := readNow(fd, p)
		if n <= 0 {
			return err != nil
		}
		_, _ = s.Write(p[:n])
	}
}

func (s *said) Mark() int64 {
	_ = s.raw.Control(func(fd uintptr) { s.drain(fd) })
	return s.Tail.Mark()
}

func (s *said) Since(mark int64) string {
	_ = s.raw.Control(func(fd uintptr) { s.drain(fd) })
	return s.Tail.Since(mark)
}

func (s *said) close() {
	if s.raw != nil {
		_ = s.Mark()
	}
	_, _ = s.read.Close(), s.write.Close()
}
