package runtime

import (
	"fmt"

	"colabtray/internal/jupyter"
	"colabtray/internal/problem"
	"colabtray/test/testenv"
)

// nameKernel makes a kernel that of a notebook.
func (r *rig) nameKernel(u jupyter.BackendURL, id, notebook string) {
	r.t.Helper()
	testenv.OpenNotebook(r.t, u.Port(), u.Token().Reveal(), notebook, fmt.Sprintf(`{"id": %q}`, id))
}

// freeKernels starts a busy kernel beside an idle one, and shuts down the idle ones, which
// leaves the busy one alone whatever Jupyter says of it.
func (r *rig) freeKernels(u jupyter.BackendURL, idle *kernel) {
	r.t.Helper()
	ctx := r.t.Context()
	r.nameKernel(u, idle.id, "deep/a.ipynb")
	r.docker("exec", r.profile.Runtime, "rm", "-f", "/tmp/began")
	busy := r.kernel(u)
	all, err := r.Kernels(ctx)
	if err != nil || len(all) != 2 {
		r.t.Fatalf("the kernels are %+v, %v", all, err)
	}
	for _, k := range all {
		if k.Memory == nil || *k.Memory < 1<<20 || k.LastActivity.IsZero() {
			r.t.Errorf("a kernel is %+v", k)
		}
		if k.ID == idle.id && (k.State != "idle" || k.Notebook != "deep/a.ipynb") {
			r.t.Errorf("the idle kernel is %+v", k)
		}
	}
	freed, err := r.ShutdownIdleKernels(ctx)
	if err != nil || len(freed) != 1 || freed[0].ID != idle.id {
		r.t.Errorf("shut down are %+v, %v", freed, err)
	}
	busy.Ask("control") // from now on Notebook 6 calls it idle
	if freed, err := r.ShutdownIdleKernels(ctx); err != nil || len(freed) > 0 {
		r.t.Errorf("shut down are %+v, %v", freed, err)
	}
	if all, err := r.Kernels(ctx); err != nil || len(all) != 1 || all[0].ID != busy.id {
		r.t.Errorf("after that the kernels are %+v, %v", all, err)
	}

	_, err = r.ShutdownKernel(ctx, idle.id)
	r.Problem(err, problem.NoKernel)
	if k, err := r.ShutdownKernel(ctx, busy.id); err != nil || k.ID != busy.id {
		r.t.Errorf("of the busy kernel there is %+v, %v", k, err)
	}
	testenv.WaitFor(r.t, "no kernel", func() error {
		if all, err := r.Kernels(ctx); err != nil || len(all) > 0 {
			return fmt.Errorf("there are %+v, %v", all, err)
		}
		return nil
	})
}
