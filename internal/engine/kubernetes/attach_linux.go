package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"colabtray/internal/child"
	"colabtray/internal/engine"
)

// attachTerminal gives kubectl a terminal, of which it makes the command's. kubectl has it
// hand on each key.
func attachTerminal(ctx context.Context, k kubectl, command []string, c engine.Command, said *verdictFilter) error {
	ours, its, err := openTerminal()
	if err != nil {
		return err
	}
	defer ours.Close()
	select {
	case size := <-c.Terminal:
		_ = setSize(its, size)
	case <-ctx.Done():
		_ = its.Close()
		return context.Cause(ctx)
	}
	cmd := k.command(command...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = its, its, its
	process, err := child.Start(cmd)
	if err != nil {
		_ = its.Close()
		return startError(err)
	}
	defer context.AfterFunc(ctx, process.Kill)()
	go func() { _, _ = io.Copy(ours, c.Stdin) }()
	over := make(chan struct{})
	defer close(over)
	go func() {
		for {
			select {
			case size := <-c.Terminal:
				if setSize(ours, size) == nil {
					_ = syscall.Kill(process.PID(), syscall.SIGWINCH)
				}
			case <-over:
				return
			}
		}
	}()
	shown := make(chan struct{})
	go func() {
		_, _ = io.Copy(said, ours) // ends with an error once no program has the other end
		close(shown)
	}()
	<-process.Ended()
	_ = its.Close()
	<-shown
	return failed(process)
}

func openTerminal() (ours, its *os.File, err error) {
	ours, err = os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, nil, err
	}
	number := 0
	err = control(ours, func(fd int) (err error) {
		if err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err == nil {
			number, err = unix.IoctlGetInt(fd, unix.TIOCGPTN)
		}
		return err
	})
	if err == nil {
		its, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		return nil, nil, errors.Join(err, ours.Close())
	}
	return ours, its, nil
}

// control calls a function with the number of a file, which stays one that does not block.
func control(f *os.File, call func(fd int) error) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	if bad := raw.Control(func(fd uintptr) { err = call(int(fd)) }); bad != nil {
		return bad
	}
	return err
}

func setSize(terminal *os.File, size engine.TerminalSize) error {
	return control(terminal, func(fd int) error {
		return unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: uint16(min(size.Rows, 1<<15)), Col: uint16(min(size.Columns, 1<<15))})
	})
}
