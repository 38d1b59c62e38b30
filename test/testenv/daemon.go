package testenv

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
)

// daemon is the process of an engine that a test starts and stops.
type daemon struct {
	process *os.Process
	ended   chan error
	log     string // path of the file with its output
}

// start starts the engine, and waits until it answers at host.
func (d *daemon) start(t testing.TB, cmd *exec.Cmd, logFile, host string) {
	t.Helper()
	if d.process != nil {
		t.Fatal("the engine runs already")
	}
	d.log = logFile
	log, err := os.OpenFile(logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	endWithParent(cmd)

	started := make(chan error)
	ended := make(chan error, 1)
	go func() {
		// The parent-death signal is sent when the thread that started the engine
		// ends, so that thread must live as long as the engine.
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			ended <- cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	d.process, d.ended = cmd.Process, ended
	WaitFor(t, "an engine of the test's own", func() error {
		select {
		case err := <-ended:
			d.process = nil
			t.Fatalf("the engine ended: %v\n%s", err, d.message())
		default:
		}
		_, err := docker(host, "version")
		return err
	})
}

// stop ends the engine and waits until its process is gone.
func (d *daemon) stop(t testing.TB) {
	t.Helper()
	if d.process == nil {
		t.Fatal("the engine does not run")
	}
	if err := d.end(); err != nil {
		t.Fatal(err)
	}
}

// kill ends the engine as nobody can prevent.
func (d *daemon) kill(t testing.TB) {
	t.Helper()
	if d.process == nil {
		t.Fatal("the engine does not run")
	}
	if err := d.endBy(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

func (d *daemon) end() error { return d.endBy(syscall.SIGTERM) }

func (d *daemon) endBy(signal syscall.Signal) error {
	if err := d.process.Signal(signal); err != nil {
		return err
	}
	<-d.ended
	d.process = nil
	return nil
}

// message returns the end of the engine's output.
func (d *daemon) message() string {
	const most = 4000
	text, err := os.ReadFile(d.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-most):])
}

// load copies an image from the shared engine into the engine at host.
func load(t testing.TB, image, host string) string {
	t.Helper()
	Image(t, image)
	save := exec.Command("docker", "--host", engineHost(), "save", image)
	load := exec.Command("docker", "--host", host, "load")
	pipe, err := save.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	load.Stdin = pipe
	if err := save.Start(); err != nil {
		t.Fatal(err)
	}
	out, loadErr := load.CombinedOutput()
	if err := errors.Join(loadErr, save.Wait()); err != nil {
		t.Fatalf("image %s could not be copied: %v: %s", image, err, out)
	}
	return image
}
