package runtime

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Under the name of ssh the test's own program listens until its input ends, and prints
// the port: that is all that can be seen of a forwarding from outside.
func init() {
	if filepath.Base(os.Args[0]) != "ssh" {
		return
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(l.Addr().(*net.TCPAddr).Port)
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

// TestOwnSSHNamed has the person's own forwarding at a port named by where it leads to.
func TestOwnSSHNamed(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ssh := filepath.Join(t.TempDir(), "ssh")
	if err := os.Symlink(self, ssh); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ args, want string }{
		{"-N -L 8888:localhost:8888 gpubox", "your ssh to gpubox (process PID)"},
		{"-fNL8888:localhost:8888 -o Compression=yes -p 2222 me@gpubox nvidia-smi -l", "your ssh to me@gpubox (process PID)"},
		{"-N -L 8888:localhost:8888 gpu\x1b[2J\u202ebox", "your ssh to gpubox (process PID)"},
		{"-N -L 8888:localhost:8888 " + strings.Repeat("x", 5000), "ssh (process PID)"},
		{"-N " + strings.Repeat("-v ", maxCommandLine/3) + "gpubox", "ssh (process PID)"},
		{"-N -L", "ssh (process PID)"},
	} {
		cmd := exec.CommandContext(t.Context(), ssh, strings.Fields(c.args)...)
		stdin, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(stdout).ReadString('\n')
		port, portErr := strconv.Atoi(strings.TrimSpace(line))
		if err != nil || portErr != nil {
			t.Fatalf("%q: %v, %v", line, err, portErr)
		}
		want := strings.Replace(c.want, "PID", strconv.Itoa(cmd.Process.Pid), 1)
		if got := processAt(port); got != want {
			t.Errorf("%.40q: got %q, want %q", c.args, got, want)
		}
		_ = stdin.Close()
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
}
