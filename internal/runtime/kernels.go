package runtime

import (
	"context"
	"errors"
	"os"

	"colabtray/internal/engine"
	"colabtray/internal/gpu"
	"colabtray/internal/i18n"
	"colabtray/internal/jupyter"
	"colabtray/internal/problem"
)

// Kernel is a kernel of the runtime: a notebook's program, with what it has in memory.
type Kernel struct {
	jupyter.Kernel
	// Memory is the resident memory of its processes in bytes; nil if it is not known.
	Memory *uint64 `json:"memory"`
	// GPUMemory is the memory of graphics cards that they use in bytes. It is nil if
	// it is not known: it is told by this computer's driver, and so of a container that
	// runs on this computer and in no virtual machine.
	GPUMemory *uint64 `json:"gpu_memory"`
}

// Kernels returns the kernels of the runtime, the one that worked last first. It
// returns a *[problem.Problem] if the runtime is not ready.
func (m *Manager) Kernels(ctx context.Context) ([]Kernel, error) {
	url := m.Snapshot().URL
	if url.IsZero() {
		return nil, notReadyProblem()
	}
	known, err := jupyter.Kernels(ctx, url)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, k := range known {
		ids = append(ids, k.ID)
	}
	usages, err := jupyter.KernelUsages(ctx, m.engine(), m.runtime, ids)
	if err != nil {
		m.log.Debug("it is not known what the kernels use", "error", err)
	}
	cards := m.kernelGPUMemory(ctx, ids)
	all := []Kernel{}
	for _, k := range known {
		one := Kernel{Kernel: k}
		if usage, is := usages[k.ID]; is {
			one.Memory = &usage.Memory
		}
		if memory, is := cards[k.ID]; is {
			one.GPUMemory = &memory
		}
		all = append(all, one)
	}
	return all, nil
}

// kernelGPUMemory returns the memory of graphics cards that kernels use, as far as it is
// known.
func (m *Manager) kernelGPUMemory(ctx context.Context, kernels []string) map[string]uint64 {
	info := m.link.Info()
	if len(kernels) == 0 || thisComputer().os != "linux" || !info.Local || info.Kind.Desktop {
		return nil
	}
	processes, known, err := gpu.Processes(ctx)
	if err != nil {
		m.log.Debug("it is not known which programs use the graphics cards", "error", err)
	}
	if !known {
		return nil
	}
	return jupyter.KernelGPUMemory(os.DirFS("/proc"), processes, kernels)
}

// ShutdownKernel shuts down the kernel with an ID, busy or not, and returns what it was.
// What it has in memory is lost; notebooks are files and stay as they are. The error is
// a *[problem.Problem] if the runtime is not ready or has no such kernel.
func (m *Manager) ShutdownKernel(ctx context.Context, id string) (Kernel, error) {
	all, err := m.Kernels(ctx)
	if err != nil {
		return Kernel{}, err
	}
	for _, k := range all {
		if k.ID == id {
			return k, m.shutdownKernel(ctx, k)
		}
	}
	return Kernel{}, &problem.Problem{Code: problem.NoKernel, Short: i18n.T("problem.noKernel"), Hint: i18n.T("problem.noKernelHint")}
}

// ShutdownIdleKernels is [Manager.ShutdownKernel] for all kernels that are idle. It
// returns those that it has shut down, also beside an error.
func (m *Manager) ShutdownIdleKernels(ctx context.Context) (freed []Kernel, err error) {
	idle, err := m.IdleKernels(ctx)
	if err != nil {
		return nil, err
	}
	url := m.Snapshot().URL
	for _, k := range idle {
		if state, stateErr := jupyter.KernelState(ctx, url, k.ID); state != "idle" && state != k.State {
			err = errors.Join(err, stateErr) // a cell has begun meanwhile, or nobody knows
			continue
		}
		if shutdownErr := m.shutdownKernel(ctx, k); shutdownErr != nil {
			err = errors.Join(err, shutdownErr)
			continue
		}
		freed = append(freed, k)
	}
	return freed, err
}

// IdleKernels returns the kernels that are idle: Jupyter says so, they answer when they
// are asked, and they do not compute. What is not known counts as in use.
func (m *Manager) IdleKernels(ctx context.Context) ([]Kernel, error) {
	all, err := m.Kernels(ctx)
	if err != nil {
		return nil, err
	}
	byID := map[string]Kernel{}
	var ids []string
	for _, k := range all {
		if k.SaysIdle() {
			byID[k.ID] = k
			ids = append(ids, k.ID)
		}
	}
	ids, err = jupyter.IdleKernels(ctx, m.engine(), m.runtime, ids)
	if errors.Is(err, engine.ErrLacks) {
		return nil, nil // no kernel can be asked
	}
	var idle []Kernel
	for _, id := range ids {
		idle = append(idle, byID[id])
	}
	return idle, err
}

// shutdownKernel shuts down a kernel of the present run.
func (m *Manager) shutdownKernel(ctx context.Context, k Kernel) error {
	url := m.Snapshot().URL
	if url.IsZero() {
		return notReadyProblem()
	}
	m.log.Info("a kernel is shut down", "kernel", k.ID, "state", k.State)
	return jupyter.ShutdownKernel(ctx, url, k.ID)
}

// IdleText tells how many kernels are idle, and what they hold, before they are shut
// down.
func IdleText(idle []Kernel) string {
	if len(idle) == 0 {
		return i18n.T("kernels.noneIdle")
	}
	return i18n.T("kernels.idle", "count", len(idle), "amount", kernelMemory(idle))
}

// FreedText tells what was freed by shutting down kernels.
func FreedText(freed []Kernel) string {
	if len(freed) == 0 {
		return i18n.T("kernels.noneIdle")
	}
	return i18n.T("kernels.freed", "count", len(freed), "amount", kernelMemory(freed))
}

// kernelMemory returns what kernels hold, as far as it is known, for people.
func kernelMemory(kernels []Kernel) string {
	var memory, cards uint64
	for _, k := range kernels {
		if k.Memory != nil {
			memory += *k.Memory
		}
		if k.GPUMemory != nil {
			cards += *k.GPUMemory
		}
	}
	if cards == 0 {
		return i18n.Bytes(int64(memory))
	}
	return i18n.T("kernels.both", "memory", i18n.Bytes(int64(memory)), "gpu", i18n.Bytes(int64(cards)))
}
