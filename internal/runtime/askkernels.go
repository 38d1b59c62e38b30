package runtime

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

//go:embed askkernels.py
var askKernels string

// kernelID is what a kernel can be called: jupyter_client takes a UUID.
var kernelID = regexp.MustCompile(`^[0-9a-zA-Z][0-9a-zA-Z_-]{0,99}$`)

// kernelWorks reports whether one of the kernels works, which it is asked
// itself, in the container: Notebook 6 calls a kernel idle that works, from when a
// page connects with it until the cell ends.
func (m *Manager) kernelWorks(ctx context.Context, kernels []string) (bool, error) {
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
	c, err := m.engine().Inspect(ctx, m.runtime)
	if err != nil {
		return false, err
	}
	cmd := append([]string{
		"sh", "-c", `python=$(command -v python3 || command -v python) && exec "$python" -c "$@"`,
		"sh", askKernels, strings.Join(infoFileDirs(c), ":"),
	}, kernels...)
	executor, err := Need[Executor](m.engine())
	if err != nil {
		return false, err
	}
	said, complaint, err := executor.Exec(ctx, c.ID, cmd)
	switch said = strings.TrimSpace(said); {
	case err != nil:
		return false, err
	case said == "busy" || said == "idle":
		return said == "busy", nil
	default:
		return false, fmt.Errorf("it says %q, and %q", said, complaint)
	}
}
