package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/prop"
)

// bus is a private session bus with a watcher for tray icons on it.
type bus struct {
	daemon     *exec.Cmd
	connection *dbus.Conn
	address    string
	registered chan time.Time
}

const watcher = "org.kde.StatusNotifierWatcher"

// RegisterStatusNotifierItem is the method that a tray program calls to show its icon.
func (b *bus) RegisterStatusNotifierItem(string) *dbus.Error {
	select {
	case b.registered <- time.Now():
	default:
	}
	return nil
}

func newBus() (*bus, error) {
	b := &bus{registered: make(chan time.Time, 1)}
	b.daemon = exec.Command("dbus-daemon", "--session", "--nofork", "--print-address")
	b.daemon.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	stdout, err := b.daemon.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := b.daemon.Start(); err != nil {
		return nil, err
	}
	address, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return nil, err
	}
	b.address = strings.TrimSpace(address)
	if b.connection, err = dbus.Connect(b.address); err != nil {
		return nil, err
	}
	export := b.connection.Export(b, "/StatusNotifierWatcher", watcher)
	_, props := prop.Export(b.connection, "/StatusNotifierWatcher", prop.Map{watcher: {
		"IsStatusNotifierHostRegistered": {Value: true},
		"ProtocolVersion":                {Value: int32(0)},
		"RegisteredStatusNotifierItems":  {Value: []string{}},
	}})
	_, name := b.connection.RequestName(watcher, dbus.NameFlagDoNotQueue)
	return b, errors.Join(export, props, name)
}

func (b *bus) close() {
	if b.connection != nil {
		_ = b.connection.Close()
	}
	_ = b.daemon.Process.Kill()
	_ = b.daemon.Wait()
}

// show starts a tray program and waits for its icon.
func (b *bus) show(cmd *exec.Cmd) (time.Duration, error) {
	cmd.Env = append(cmd.Environ(), "DBUS_SESSION_BUS_ADDRESS="+b.address)
	cmd.Stderr = io.Discard
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	select {
	case at := <-b.registered:
		return at.Sub(begun), nil
	case <-time.After(30 * time.Second):
		return 0, fmt.Errorf("%s showed no icon", cmd.Path)
	}
}

func end(cmd *exec.Cmd) {
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

// iconTime measures the time from the start of the program to its icon, for this program
// and for the smallest tray program in turn.
func iconTime() ([]result, error) {
	b, err := newBus()
	if err != nil {
		return nil, err
	}
	defer b.close()
	dir, err := os.MkdirTemp("", "colab-tray-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	hello := filepath.Join(dir, "hello")
	if out, err := exec.Command("go", "build", "-ldflags", "-s -w", "-o", hello, "./test/bench/hello").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building hello: %s", out)
	}
	s, err := newServer()
	if err != nil {
		return nil, err
	}
	var ours, least []time.Duration
	for range rounds {
		for cmd, times := range map[*exec.Cmd]*[]time.Duration{s.command(): &ours, exec.Command(hello): &least} {
			took, err := b.show(cmd)
			end(cmd)
			if err != nil {
				return nil, err
			}
			*times = append(*times, took)
		}
	}
	ratio := float64(median(ours)) / float64(median(least))
	return []result{
		{"start to icon", fmt.Sprintf("%.1f times a hello-world (%s, %s)", ratio, ms(median(ours)), ms(median(least))), "at most 4 times", ratio <= 4},
	}, nil
}

// idle measures the memory and processor time of the tray with a ready runtime: first
// while nothing happens, then while the engine is busy with other containers.
func idle() ([]result, error) {
	b, err := newBus()
	if err != nil {
		return nil, err
	}
	defer b.close()
	s, err := runningServer()
	if err != nil {
		return nil, err
	}
	defer s.remove()
	tray := s.command()
	if _, err := b.show(tray); err != nil {
		return nil, err
	}
	defer end(tray)
	time.Sleep(5 * time.Second) // until the start is over
	quiet, err := cpuShare(tray, func() error { time.Sleep(20 * time.Second); return nil })
	if err != nil {
		return nil, err
	}
	busy, err := cpuShare(tray, func() error {
		for range 20 {
			if err := exec.Command("docker", "run", "--rm", "--entrypoint", "true", image).Run(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	memory, err := resident(tray)
	if err != nil {
		return nil, err
	}
	mb := float64(memory) / (1 << 20)
	return []result{
		{"processor while idle", fmt.Sprintf("%.2f %%", 100*quiet), "at most 0.1 %", quiet <= 0.001},
		{"processor while other containers come and go", fmt.Sprintf("%.2f %%", 100*busy), "at most 0.5 %", busy <= 0.005},
		{"memory", fmt.Sprintf("%.1f MB", mb), "at most 20 MB", mb <= 20},
	}, nil
}

// cpuShare returns the share of one processor, 0 to 1, that a process uses while
// meanwhile runs.
func cpuShare(cmd *exec.Cmd, meanwhile func() error) (float64, error) {
	before, err := processorTime(cmd)
	if err != nil {
		return 0, err
	}
	begun := time.Now()
	if err := meanwhile(); err != nil {
		return 0, err
	}
	after, err := processorTime(cmd)
	return float64(after-before) / float64(time.Since(begun)), err
}

// processorTime returns the processor time that a process has used so far, see proc(5).
func processorTime(cmd *exec.Cmd) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, after, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(after)
	user, errUser := strconv.Atoi(fields[11])
	system, errSystem := strconv.Atoi(fields[12])
	const tick = time.Second / 100
	return time.Duration(user+system) * tick, errors.Join(errUser, errSystem)
}

// resident returns the resident memory of a process, in bytes.
func resident(cmd *exec.Cmd) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, found := strings.CutPrefix(line, "VmRSS:"); found {
			kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kb << 10, err
		}
	}
	return 0, errors.New("no VmRSS")
}
