// Package gpu owns what this computer's NVIDIA graphics cards are and do, which
// no container engine tells: it asks NVIDIA's own command, where that is
// installed.
//
// It does not own which of them a runtime gets. It imports no other package of
// the project.
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

// command is NVIDIA's.
const command = "nvidia-smi"

// Usage is what all cards together do at one moment.
type Usage struct {
	// Cards is how many there are.
	Cards int
	// Busy is how much of the time they computed, on average, from 0 to 1.
	Busy float64
	// Memory and MemoryTotal are in bytes.
	Memory, MemoryTotal uint64
}

// List tells which cards there are, one a line, with their drivers; empty where
// the command is not there, which is so where no card of NVIDIA is.
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

// Watch returns a channel that gives what the cards do, about once a second,
// until ctx ends: the newest wins. It is closed at once where there are none.
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
			case <-c: // nobody took the one before
			default:
			}
			c <- sum
			sum = Usage{}
		}
		_ = cmd.Wait()
	}()
	return c
}

// add adds a card's line, and reports whether it was the last card's. What a
// card does not tell, it writes as "[N/A]", and counts as nothing.
func (u *Usage) add(line string) (whole bool) {
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
