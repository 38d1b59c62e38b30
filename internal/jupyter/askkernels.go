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

// kernelAsk is how long the kernels are asked.
const kernelAsk = time.Minute

// kernelID is what a kernel can be called: jupyter_client takes a UUID.
var kernelID = regexp.MustCompile(`^[0-9a-zA-Z][0-9a-zA-Z_-]{0,99}$`)

// KernelBusy reports whether one of the kernels works, which it is asked
// itself, in the container: Notebook 6 calls a kernel idle that works, from when a
// page connects with it until the cell ends.
func KernelBusy(ctx context.Context, e engine.Engine, container string, kernels []string) (bool, error) {
	if len(kernels) == 0 {
		return false, nil
	}
	for _, id := range kernels {
		if !kernelID.MatchString(id) {
			return false, errors.New("a kernel has no proper name")
		}
	}
	ctx, cancel := context.WithTimeout(ctx, kernelAsk)
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
	message, complaint, err := executor.Exec(ctx, c.ID, cmd)
	switch message = strings.TrimSpace(message); {
	case err != nil:
		return false, err
	case message == "busy" || message == "idle":
		return message == "busy", nil
	default:
		return false, fmt.Errorf("it says %q, and %q", message, complaint)
	}
}
