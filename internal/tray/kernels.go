package tray

import (
	"context"
	"time"

	"colabtray/internal/i18n"
	"colabtray/internal/problem"
	"colabtray/internal/runtime"
)

// Kernels are the kernels of the runtimes of all profiles, which hold memory as long as
// they live.
type Kernels interface {
	IdleKernels(ctx context.Context, profile string) ([]runtime.Kernel, error)
	ShutdownIdleKernels(ctx context.Context, profile string) ([]runtime.Kernel, error)
}

// freeTime limits a look at the kernels, each of which is asked.
const freeTime = 3 * time.Minute

func freeText(s viewInput) string {
	if s.gpu && s.now.Engine.Elsewhere() == "" {
		return i18n.T("tray.row.freeGPU")
	}
	return i18n.T("tray.row.free")
}

// free tells which kernels are idle, and offers to shut them down.
func (a *app) free(on target) actionFunc {
	return within(freeTime, func(ctx context.Context) actionMessage {
		idle, err := a.Kernels.IdleKernels(ctx, on.profile)
		if err != nil {
			return a.failedMessage(err, i18n.T("tray.failed.free"), i18n.T("tray.failed.freeHint"))
		}
		message := actionMessage{short: runtime.IdleText(idle), hint: i18n.T("tray.noneIdleHint")}
		if len(idle) > 0 {
			message.hint, message.acts = i18n.T("tray.freeHint"), []problem.Act{{Name: problem.ActFreeKernels}}
		}
		a.showMessage(message)
		return message
	})
}

// freeKernels shuts down the kernels that are still idle.
func (a *app) freeKernels(on target) actionFunc {
	return within(freeTime, func(ctx context.Context) actionMessage {
		freed, err := a.Kernels.ShutdownIdleKernels(ctx, on.profile)
		if err != nil && len(freed) == 0 {
			return a.failedMessage(err, i18n.T("tray.failed.free"), i18n.T("tray.failed.freeHint"))
		}
		message := actionMessage{short: runtime.FreedText(freed)}
		if len(freed) == 0 {
			message.hint = i18n.T("tray.noneIdleHint")
		}
		a.showMessage(message)
		return message
	})
}
