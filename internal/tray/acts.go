package tray

import (
	"context"
	"slices"

	"colabtray/internal/i18n"
	"colabtray/internal/problem"
	"colabtray/internal/runtime"
)

// Continue lets a paused runtime go on. The row of Start says it.
const Continue Action = "continue"

// carriedOut are the acts without a row that Options.Act carries out.
var carriedOut = []problem.ActName{
	problem.ActRepair, problem.ActStartWithoutGPU, problem.ActUsePort, problem.ActStartDesktop, problem.ActInstallDesktop,
	problem.ActUsePodman, problem.ActKeepRunning, problem.ActUndoDelete,
}

// actDo returns the function of an act that has no row of its own, nil for any other
// action.
func actDo(action Action) func(a *app, on target) actionFunc {
	switch problem.ActName(action) {
	case problem.ActContinue:
		return (*app).start
	case problem.ActInstall:
		return (*app).openGuide
	case problem.ActCopyCommand:
		return (*app).copyCommand
	case problem.ActFreeKernels:
		return (*app).freeKernels
	}
	switch {
	case action == tell:
		return (*app).tellState
	case slices.Contains(carriedOut, problem.ActName(action)):
		return (*app).act
	default:
		return nil
	}
}

// lackingActs has the acts without a row that the options do not offer.
func (a *app) lackingActs() map[Action]bool {
	all := map[Action]bool{Action(problem.ActInstall): a.Guide == nil, Action(problem.ActFreeKernels): a.Kernels == nil}
	for _, name := range carriedOut {
		all[Action(name)] = a.Act == nil
	}
	return all
}

// start starts the runtime. Without an engine it leads to where one comes from.
func (a *app) start(on target) actionFunc {
	do := a.changing(on, a.Runtimes.Start)
	if on.now.State != runtime.NoEngine || a.Guide == nil {
		return do
	}
	open := a.openGuide(on)
	return func(ctx context.Context) result {
		if r := open(ctx); r.failed {
			return r
		}
		return do(ctx)
	}
}

// act carries out an act that the options have.
func (a *app) act(on target) actionFunc {
	do := a.changing(on, func(ctx context.Context, profile string) error { return a.Act(ctx, profile, on.act) })
	return func(ctx context.Context) result {
		r := do(ctx)
		switch on.act.Name {
		case problem.ActStartDesktop, problem.ActUsePodman, problem.ActInstallDesktop, problem.ActUndoDelete: // the runtime's snapshots tell nothing of them
		default:
			return r
		}
		if r.short == "" {
			r.short = on.act.Asked()
		}
		if r.short == "" && on.act.Name == problem.ActUndoDelete {
			r.short = i18n.T("tray.undone")
		}
		if r.short != "" {
			a.showMessage(r.actionMessage)
		}
		return r
	}
}

func (a *app) copyCommand(on target) actionFunc {
	return within(copyTime, func(ctx context.Context) actionMessage {
		p := actProblem(on.now)
		if p == nil || p.Command == "" { // it is over
			a.tellState(on)(ctx)
			return actionMessage{}
		}
		message := actionMessage{short: i18n.T("tray.copiedCommand"), hint: i18n.T("tray.command", "command", p.Command)}
		if err := a.Copy(ctx, p.Command); err != nil {
			message = a.failed(err, i18n.T("tray.failed.copyCommand"), i18n.T("tray.command", "command", p.Command))
		}
		a.showMessage(message)
		return message
	})
}

// tellState answers a click on the icon where there is nothing to do but wait.
func (a *app) tellState(on target) actionFunc {
	return func(context.Context) result {
		short, hint := status(on.now)
		if hint == "" {
			hint = on.now.Say(runtime.WordHint)
		}
		a.showMessage(actionMessage{short: short, hint: hint, acts: on.now.Acts()})
		return result{}
	}
}

// cancelDelete ends the wait for a confirmation, as each other choice does.
func (a *app) cancelDelete(target) actionFunc {
	return func(context.Context) result { return result{} }
}
