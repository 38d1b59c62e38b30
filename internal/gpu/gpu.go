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
	cmd := exec.CommandContext(ctx, path, "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader")
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	const most = 4 << 10
	text := string(bytes.TrimSpace(out[:min(len(out), most)]))
	if err != nil {
		return text, fmt.Errorf("%s: %w", command, err)
	}
	return text, nil
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
