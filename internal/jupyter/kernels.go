package jupyter

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"colabtray/internal/i18n"
)

// Limits on what a server tells of its kernels.
const (
	maxKernels      = 100
	maxNotebookName = 200              // characters
	shutdownTime    = 30 * time.Second // a server waits for a kernel before it kills it
)

// Kernel is a kernel of a server, as the server tells.
type Kernel struct {
	// ID matches the ID of a kernel that has not the form of a path.
	ID string `json:"id"`
	// Notebook is the path or the name of the notebook; empty if the kernel has none.
	Notebook string `json:"notebook"`
	// State is "idle", "busy", "starting", "dead" or "unknown".
	State string `json:"state"`
	// LastActivity is when the kernel worked last by this computer's clock; zero if
	// that is not known.
	LastActivity time.Time `json:"last_activity,omitzero"`
}

// kernelJSON is a kernel in the answers of a server.
type kernelJSON struct {
	ID    string    `json:"id"`
	State string    `json:"execution_state"`
	Last  time.Time `json:"last_activity"`
}

// sessionJSON is a session in the answers of a server: what a kernel is for.
type sessionJSON struct {
	Path     string                      `json:"path"`
	Name     string                      `json:"name"`
	Notebook struct{ Path, Name string } `json:"notebook"` // Notebook 6
	Kernel   kernelJSON                  `json:"kernel"`
}

// Kernels returns the kernels of a server, the one that worked last first. It returns a
// hundred at most, and none whose ID is not valid.
func Kernels(ctx context.Context, u BackendURL) ([]Kernel, error) {
	ctx, cancel := context.WithTimeout(ctx, RequestTimeout)
	defer cancel()
	var kernels []kernelJSON
	date, err := getJSON(ctx, u, "/api/kernels", &kernels)
	if err != nil {
		return nil, err
	}
	var sessions []sessionJSON
	if _, err := getJSON(ctx, u, "/api/sessions", &sessions); err != nil {
		return nil, err
	}
	notebooks := map[string]string{}
	for _, s := range sessions {
		notebooks[s.Kernel.ID] = s.notebook()
	}
	now := time.Now()
	all := []Kernel{}
	for _, k := range kernels {
		if !kernelID().MatchString(k.ID) {
			continue
		}
		one := Kernel{ID: k.ID, Notebook: notebooks[k.ID], State: knownState(k.State)}
		if !date.IsZero() && !k.Last.IsZero() {
			one.LastActivity = now.Add(-max(0, date.Sub(k.Last))).Round(time.Second)
		}
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b Kernel) int {
		return cmp.Or(b.LastActivity.Compare(a.LastActivity), strings.Compare(a.ID, b.ID))
	})
	return all[:min(len(all), maxKernels)], nil
}

// notebook returns the path of the session's notebook. Colab's sessions have a path that
// tells nothing, and a name.
func (s sessionJSON) notebook() string {
	path := cmp.Or(s.Path, s.Notebook.Path)
	if !strings.HasSuffix(path, ".ipynb") {
		path = cmp.Or(s.Name, s.Notebook.Name, path)
	}
	shown := []rune(i18n.Line(path))
	return string(shown[:min(len(shown), maxNotebookName)])
}

// knownState returns the state of a kernel in our words.
func knownState(state string) string {
	switch state {
	case "idle", "busy", "starting", "dead":
		return state
	case "restarting", "autorestarting":
		return "starting"
	default:
		return "unknown"
	}
}

// unconnected is how long a kernel is left for a page to connect to it.
const unconnected = time.Minute

// SaysIdle reports whether the server calls the kernel idle. It says for ever that a
// kernel is starting to which nobody has connected.
func (k Kernel) SaysIdle() bool {
	return k.State == "idle" || k.State == "starting" && !k.LastActivity.IsZero() && time.Since(k.LastActivity) > unconnected
}

// KernelState returns the state of a kernel as [Kernel.State] has it; "unknown" if there
// is none.
func KernelState(ctx context.Context, u BackendURL, id string) (string, error) {
	if !kernelID().MatchString(id) {
		return "", errors.New("the ID of a kernel is not valid")
	}
	ctx, cancel := context.WithTimeout(ctx, RequestTimeout)
	defer cancel()
	var kernel kernelJSON
	_, err := getJSON(ctx, u, "/api/kernels/"+id, &kernel)
	return knownState(kernel.State), err
}

// ShutdownKernel shuts a kernel down. It succeeds if there is no such kernel any more.
func ShutdownKernel(ctx context.Context, u BackendURL, id string) error {
	if !kernelID().MatchString(id) {
		return errors.New("the ID of a kernel is not valid")
	}
	ctx, cancel := context.WithTimeout(ctx, shutdownTime)
	defer cancel()
	response, err := requestJupyter(ctx, http.MethodDelete, u, "/api/kernels/"+id)
	if err != nil {
		return err
	}
	_ = response.Body.Close()
	switch response.StatusCode {
	case http.StatusNoContent, http.StatusOK, http.StatusNotFound:
		return nil
	default:
		return fmt.Errorf("DELETE of a kernel was answered with %d", response.StatusCode)
	}
}
