package jupyter

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"colabtray/internal/engine"
)

//go:embed askkernels.py
var askKernels string

// kernelTimeout limits the question to all kernels.
const kernelTimeout = time.Minute

// kernelID matches the ID of a kernel. jupyter_client uses a UUID.
var kernelID = regexp.MustCompile(`^[0-9a-zA-Z][0-9a-zA-Z_-]{0,99}$`)

// KernelBusy reports whether one of the kernels is busy. It asks the kernels
// themselves, in the container. Notebook 6 reports a busy kernel as idle, from when a
// page connects to the kernel until the cell ends.
func KernelBusy(ctx context.Context, e engine.Engine, container string, kernels []string) (bool, error) {
	if len(kernels) == 0 {
		return false, nil
	}
	for _, id := range kernels {
		if !kernelID.MatchString(id) {
			return false, errors.New("the ID of a kernel is not valid")
		}
	}
	ctx, cancel := context.WithTimeout(ctx, kernelTimeout)
	defer cancel()
	c, err := e.Inspect(ctx, container)
	if err != nil {
		return false, err
	}
	cmd := append([]string{
		"sh", "-c", `python=$(command -v python3 || command -v python) && exec "$python" -c "$@"`,
		"sh", askKernels, strings.Join(infoFileDirs(c), ":"),
	}, kernels...)
	executor, err := engine.Need[engine.Executor](e)
	if err != nil {
		return false, err
	}
	stdout, stderr, err := executor.Exec(ctx, c.ID, cmd)
	switch stdout = strings.TrimSpace(stdout); {
	case err != nil:
		return false, err
	case stdout == "busy" || stdout == "idle":
		return stdout == "busy", nil
	default:
		return false, fmt.Errorf("asking the kernels printed %q, and the error %q", stdout, stderr)
	}
}
