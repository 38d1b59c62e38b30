package cli

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/pflag"

	"colabtray/internal/i18n"
	"colabtray/internal/problem"
	"colabtray/internal/runtime"
)

func kernelsFlags(set *pflag.FlagSet, in *invocation) {
	set.BoolVar(&in.idle, "idle", false, "")
}

// kernelsJSON has the kernels there are, and those that were shut down.
type kernelsJSON struct {
	Profile string       `json:"profile"`
	Runtime string       `json:"runtime"`
	Kernels []kernelJSON `json:"kernels"`
	Freed   []kernelJSON `json:"freed"`
}

type kernelJSON struct {
	ID           string  `json:"id"`
	Notebook     string  `json:"notebook"`
	State        string  `json:"state"`
	LastActivity string  `json:"last_activity"`
	Memory       *uint64 `json:"memory"`
	GPUMemory    *uint64 `json:"gpu_memory"`
}

func kernelsAsJSON(kernels []runtime.Kernel) []kernelJSON {
	all := []kernelJSON{}
	for _, k := range kernels {
		one := kernelJSON{ID: k.ID, Notebook: k.Notebook, State: k.State, Memory: k.Memory, GPUMemory: k.GPUMemory}
		if !k.LastActivity.IsZero() {
			one.LastActivity = k.LastActivity.UTC().Format(time.RFC3339)
		}
		all = append(all, one)
	}
	return all
}

// runKernels lists the kernels of the runtime, or shuts down one, or the idle ones.
func runKernels(ctx context.Context, in *invocation) error {
	shutdown := len(in.args) > 0 && in.args[0] == "shutdown"
	switch {
	case len(in.args) > 0 && !shutdown:
		return needsOneOf("kernels", in.args[0], []string{"shutdown"})
	case shutdown != ((len(in.args) > 1 && in.args[1] != "") != in.idle):
		return &usageError{wrong: i18n.T("cli.kernelsWhich")}
	}
	return in.withSession(ctx, func(ctx context.Context, s *Session) error {
		if now, err := s.settled(ctx); err != nil {
			return err
		} else if now.Problem != nil {
			return now.Problem
		}
		var freed []runtime.Kernel
		var err error
		switch {
		case in.idle:
			freed, err = s.Runtime.ShutdownIdleKernels(ctx)
		case shutdown:
			freed, err = s.shutdownKernel(ctx, in.args[1])
		}
		if shutdown && !in.json && (err == nil || len(freed) > 0) {
			fmt.Fprintln(in.Stderr, i18n.FullStop(runtime.FreedText(freed)))
		}
		if err != nil || shutdown && !in.json {
			return err
		}
		kernels, err := s.Runtime.Kernels(ctx)
		switch {
		case err != nil:
			return err
		case in.json:
			return in.printJSON(kernelsJSON{
				Profile: s.Profile.Name, Runtime: s.Profile.Runtime, Kernels: kernelsAsJSON(kernels), Freed: kernelsAsJSON(freed),
			})
		default:
			return in.printKernels(kernels)
		}
	})
}

// shutdownKernel shuts down the kernel whose ID begins so.
func (s *Session) shutdownKernel(ctx context.Context, begins string) ([]runtime.Kernel, error) {
	all, err := s.Runtime.Kernels(ctx)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, k := range all {
		if strings.HasPrefix(k.ID, begins) {
			ids = append(ids, k.ID)
		}
	}
	if len(ids) > 1 {
		return nil, &problem.Problem{
			Code: problem.NoKernel, Short: i18n.T("cli.kernelAmbiguous", "id", i18n.Escaped(begins)), Hint: strings.Join(ids, "\n"),
		}
	}
	id := begins
	if len(ids) == 1 {
		id = ids[0]
	}
	freed, err := s.Runtime.ShutdownKernel(ctx, id)
	if err != nil {
		return nil, err
	}
	return []runtime.Kernel{freed}, nil
}

// printKernels prints a table with a line for each kernel.
func (in *invocation) printKernels(kernels []runtime.Kernel) error {
	if len(kernels) == 0 {
		fmt.Fprintln(in.Stderr, i18n.T("cli.noKernels"))
		return nil
	}
	hasCards := false
	for _, k := range kernels {
		hasCards = hasCards || k.GPUMemory != nil
	}
	table := tabwriter.NewWriter(in.Stdout, 0, 0, 2, ' ', 0)
	line := func(cells ...string) {
		if !hasCards {
			cells = append(cells[:4], cells[5:]...)
		}
		fmt.Fprintln(table, strings.Join(cells, "\t"))
	}
	line(i18n.T("cli.kernel.id"), i18n.T("cli.kernel.state"), i18n.T("cli.kernel.last"), i18n.T("cli.kernel.memory"), i18n.T("cli.kernel.gpu"), i18n.T("cli.kernel.notebook"))
	for _, k := range kernels {
		last := ""
		if !k.LastActivity.IsZero() {
			last = k.LastActivity.Local().Format(time.DateTime)
		}
		line(shortID(k.ID), i18n.T("kernels.state."+k.State), last, ofBytes(k.Memory), ofBytes(k.GPUMemory), k.Notebook)
	}
	return table.Flush()
}

// shortID returns as much of an ID as tells one UUID from another.
func shortID(id string) string { return id[:min(len(id), 8)] }

// ofBytes returns an amount, "?" where it is not known.
func ofBytes(n *uint64) string {
	if n == nil {
		return "?"
	}
	return i18n.Bytes(int64(*n))
}
