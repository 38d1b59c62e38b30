// Package gpu owns which NVIDIA graphics cards this computer has and how busy they
// are. No container engine tells that, so the package runs NVIDIA's own command where
// that is installed.
//
// It does not own which cards a runtime gets. It imports no other package of the
// project.
package gpu

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// command is NVIDIA's command; its driver packages install it.
const command = "nvidia-smi"

// Usage is the usage of all cards together at one moment.
type Usage struct {
	// Cards is the number of cards.
	Cards int
	// Busy is the share of time in which the cards computed, on average, from 0 to 1.
	Busy float64
	// Memory is the memory in use and MemoryTotal all memory, in bytes.
	Memory, MemoryTotal uint64
}

// List returns the cards, one a line, with their drivers and memory. It returns ""
// where the command is not installed, as on a computer without NVIDIA's driver. On
// failure it returns the command's output beside the error.
func List(ctx context.Context) (string, error) {
	path, err := exec.LookPath(command)
	if err != nil {
		return "", nil
	}
	cmd := exec.CommandContext(ctx, path, strings.Fields(listing)...)
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	const most = 4 << 10
	text := string(bytes.TrimSpace(out[:min(len(out), most)]))
	if err != nil {
		return text, fmt.Errorf("%s: %w", command, err)
	}
	return text, nil
}

// Query lists the cards of another machine: run runs a command there and returns its
// output. Only where the command is not installed does it return no card without an error.
// The other machine can say anything: what is returned is bounded, and nothing more.
func Query(ctx context.Context, run func(ctx context.Context, command ...string) (string, error)) (cards []string, err error) {
	const most, longest = 64, 200
	// The command writes what went wrong to standard output.
	const script = "command -v " + command + " >/dev/null || exit 0; cards=$(" + command + " " + listing + `) && printf '%s\n' "$cards" || { printf '%s\n' "$cards" >&2; exit 1; }`
	text, err := run(ctx, "sh", "-c", script)
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && len(cards) < most {
			cards = append(cards, line[:min(len(line), longest)])
		}
	}
	return cards, err
}

// listing has the options with which the command lists cards.
const listing = "--query-gpu=name,driver_version,memory.total --format=csv,noheader"

// Installed reports whether this computer has NVIDIA's command.
func Installed() bool {
	_, err := exec.LookPath(command)
	return err == nil
}

// Process is a process that uses the memory of a card.
type Process struct {
	// PID is the ID of the process on this computer, also of a process in a container.
	PID int
	// Memory is the memory that the process uses on one card, in bytes.
	Memory uint64
	// Unknown tells that the driver does not say how much it is.
	Unknown bool
}

// wslDriver is there in WSL, whose driver does not tell processes.
const wslDriver = "/usr/lib/wsl/lib/nvidia-smi"

// Processes returns the processes that compute on the cards, one for each process and
// card. known is false where the driver does not tell, and where there are no cards.
func Processes(ctx context.Context) (all []Process, known bool, err error) {
	path, err := exec.LookPath(command)
	if err != nil || exists(wslDriver) {
		return nil, false, nil
	}
	cmd := exec.CommandContext(ctx, path, "--query-compute-apps=pid,used_gpu_memory", "--format=csv,noheader,nounits")
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		return nil, false, fmt.Errorf("%s: %w", command, err)
	}
	return processesIn(string(out)), true, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// processesIn returns the processes of the lines of the command, such as "1234, 512":
// the process and its memory in MiB. The memory can be "[N/A]".
func processesIn(lines string) (all []Process) {
	for line := range strings.Lines(lines) {
		id, memory, _ := strings.Cut(line, ",")
		pid, err := strconv.Atoi(strings.TrimSpace(id))
		if err != nil || pid < 1 {
			continue
		}
		mib, err := strconv.ParseUint(strings.TrimSpace(memory), 10, 32)
		all = append(all, Process{PID: pid, Memory: mib << 20, Unknown: err != nil})
	}
	return all
}

// Watch returns a channel with the usage of the cards, about once a second, until ctx
// ends. A value that was not received in time is replaced by the next one. The channel
// is closed at once where the command is not installed.
func Watch(ctx context.Context) <-chan Usage {
	c := make(chan Usage, 1)
	path, err := exec.LookPath(command)
	if err != nil {
		close(c)
		return c
	}
	cmd := exec.CommandContext(ctx, path, "--query-gpu=count,index,utilization.gpu,memory.used,memory.total", "--format=csv,noheader,nounits", "--loop=1")
	cmd.WaitDelay = time.Second
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		close(c)
		return c
	}
	go func() {
		defer close(c)
		var sum Usage
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if !sum.add(lines.Text()) {
				continue
			}
			select {
			case <-c: // nobody received the previous value
			default:
			}
			c <- sum
			sum = Usage{}
		}
		_ = cmd.Wait()
	}()
	return c
}

// add adds the line of one card, and reports whether it was the line of the last card.
// A value that a card does not provide, which is printed as "[N/A]", counts as 0.
func (u *Usage) add(line string) (complete bool) {
	const mib = 1 << 20
	fields := strings.Split(line, ",")
	if len(fields) != 5 {
		return false
	}
	var n [5]float64
	for i, f := range fields {
		n[i], _ = strconv.ParseFloat(strings.TrimSpace(f), 64)
	}
	count, index := int(n[0]), int(n[1])
	if count < 1 || index < 0 || index >= count {
		return false
	}
	if index == 0 {
		*u = Usage{}
	}
	u.Cards = count
	u.Busy += n[2] / 100 / float64(count)
	u.Memory += uint64(max(0, n[3])) * mib
	u.MemoryTotal += uint64(max(0, n[4])) * mib
	return index == count-1
}
