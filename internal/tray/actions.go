package tray

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/moby/sys/atomicwriter"

	"colabtray/internal/colab"
	"colabtray/internal/data"
	"colabtray/internal/engine"
	"colabtray/internal/i18n"
	"colabtray/internal/problem"
	"colabtray/internal/runtime"
)

// actionFunc carries out an action and returns its result. It runs on a goroutine
// of its own.
type actionFunc func(context.Context) result

// actionFor returns the function that carries out the action of a row, bound to the
// runtime's present state. It returns nil for a row without an action.
func (a *app) actionFor(chosen Row) actionFunc {
	do := entryOf(chosen.Action).do
	if do == nil {
		do = actDo(chosen.Action)
	}
	if do == nil {
		return nil
	}
	profile := cmp.Or(chosen.Profile, a.viewInput.overview.Current)
	now, _ := a.viewInput.overview.Of(profile)
	on := target{profile, now, chosen.Checked, chosen.Act}
	if !a.makesSense(chosen.Action, now) {
		return a.tellState(on)
	}
	return do(a, on)
}

// makesSense reports whether an action can do something for a runtime as it is now. A
// button of a notification can be clicked long after; then the answer is the state.
func (a *app) makesSense(action Action, now runtime.Snapshot) bool {
	s := a.viewInput
	s.now = now
	if e := entryOf(action); e.do != nil {
		return e.can == nil || e.can(s)
	}
	return now.State.Allows(problem.Act{Name: problem.ActName(action)}) && (action != Action(problem.ActKeepRunning) || !now.IdleStopAt.IsZero())
}

func (a *app) stop(on target) actionFunc { return a.changing(on, a.Runtimes.Stop) }

// stopAll stops all runtimes at the same time.
func (a *app) stopAll(target) actionFunc {
	profiles := stoppable(a.viewInput.overview)
	return a.detached(func(ctx context.Context) error {
		errs := make([]error, len(profiles))
		var stopping sync.WaitGroup
		for i, profile := range profiles {
			stopping.Go(func() { errs[i] = a.Runtimes.Stop(ctx, profile) })
		}
		stopping.Wait()
		return errors.Join(errs...)
	})
}

// stoppable returns a profile of each runtime that can be stopped.
func stoppable(o runtime.Overview) (profiles []string) {
	known := map[runtime.ID]bool{}
	for _, s := range o.Runtimes {
		if s.State.CanStop() && !known[s.ID()] {
			known[s.ID()] = true
			profiles = append(profiles, s.Profile)
		}
	}
	return profiles
}

func (a *app) restart(on target) actionFunc { return a.changing(on, a.Runtimes.Restart) }

// update says so where there was nothing newer: the states of the runtime do not.
func (a *app) update(on target) actionFunc {
	newest := false
	do := a.changing(on, func(ctx context.Context, profile string) error {
		newer, err := a.Update(ctx, profile)
		newest = err == nil && !newer
		return err
	})
	return func(ctx context.Context) result {
		r := do(ctx)
		if newest {
			r.short = i18n.T("tray.upToDate", "runtime", on.now.Runtime)
			a.showMessage(r.actionMessage)
		}
		return r
	}
}

func (a *app) undoUpdate(on target) actionFunc { return a.changing(on, a.UndoUpdate) }

func (a *app) selectProfile(on target) actionFunc {
	return a.choosing(func(ctx context.Context) error { return a.Select(ctx, on.profile) })
}

func (a *app) openJupyter(on target) actionFunc {
	return a.opening(func(ctx context.Context) error { return a.OpenJupyter(ctx, on.profile) }, i18n.T("tray.failed.openJupyter"))
}

func (a *app) openTerminal(on target) actionFunc {
	return a.opening(func(ctx context.Context) error { return a.OpenTerminal(ctx, on.profile) }, i18n.T("tray.failed.terminal"))
}

func (a *app) openGuide(target) actionFunc {
	return a.opening(a.Guide, i18n.T("tray.failed.guide"))
}

// addFolder lets the person choose a folder, for as long as they want.
func (a *app) addFolder(on target) actionFunc {
	return func(ctx context.Context) result {
		short, hint, err := a.AddFolder(ctx, on.profile)
		switch {
		case errors.Is(err, context.Canceled), err == nil && short == "":
			return result{}
		case err != nil:
			return result{actionMessage: a.failedMessage(err, i18n.T("tray.failed.addFolder"), i18n.Sentence(i18n.Error(err)))}
		}
		message := actionMessage{short: short, hint: hint}
		a.showMessage(message)
		return result{actionMessage: message}
	}
}

func (a *app) editSettings(target) actionFunc {
	return a.opening(a.EditSettings, i18n.T("tray.failed.openSettings"))
}

func (a *app) deleteContainer(on target) actionFunc {
	if needsConfirmation(on.now) {
		return func(ctx context.Context) result { return a.askDeleteContainer(ctx, on.profile) }
	}
	return a.deleting(on.profile, false)
}

func (a *app) deleteData(on target) actionFunc {
	return func(ctx context.Context) result { return a.askDeleteData(ctx, on.profile, needsConfirmation(on.now)) }
}

func (a *app) confirmDelete(on target) actionFunc     { return a.deleting(on.profile, false) }
func (a *app) confirmDeleteData(on target) actionFunc { return a.deleting(on.profile, true) }

func (a *app) quit(target) actionFunc { return a.detached(a.Quit) }

// askDeleteData determines how much data would be deleted, and asks the person to
// confirm. With container set it also counts the files that only the container has.
func (a *app) askDeleteData(ctx context.Context, profile string, container bool) result {
	ctx, cancel := context.WithTimeout(ctx, sizeTime)
	defer cancel()
	size, err := a.DataSize(ctx, profile)
	if err == nil && container && size >= 0 {
		var lost int64
		lost, err = a.Lost(ctx, profile)
		size += lost
	}
	if err != nil {
		return result{actionMessage: a.failedMessage(err, i18n.T("tray.failed.size"), i18n.T("tray.failed.sizeHint"))}
	}
	return a.askConfirmation(pendingDelete{profile: profile, size: size})
}

// askDeleteContainer determines the size of the files that only the container has,
// and asks the person to confirm.
func (a *app) askDeleteContainer(ctx context.Context, profile string) result {
	ctx, cancel := context.WithTimeout(ctx, sizeTime)
	defer cancel()
	size, err := a.Lost(ctx, profile)
	if err != nil {
		return result{actionMessage: a.failedMessage(err, i18n.T("tray.failed.size"), i18n.T("tray.failed.sizeHint"))}
	}
	return a.askConfirmation(pendingDelete{profile: profile, size: size, container: true})
}

func (a *app) askConfirmation(pending pendingDelete) result {
	message := actionMessage{short: i18n.T("tray.confirmDelete"), hint: i18n.T("tray.confirmDeleteHint", "row", pending.confirmDeleteText())}
	if !pending.container && pending.size != 0 {
		message.hint += "\n" + i18n.T("tray.confirmDeleteBackup", "days", data.BackupDays)
	}
	a.showMessage(message)
	return result{actionMessage: message, pendingDelete: pending}
}

// deleting deletes a container, and withData also its volume. Its message says
// where the backup of the data is.
func (a *app) deleting(profile string, withData bool) actionFunc {
	var backup string
	do := a.detached(func(ctx context.Context) (err error) {
		backup, err = a.Delete(ctx, profile, withData)
		return err
	})
	return func(ctx context.Context) result {
		r := do(ctx)
		if r.short == "" && backup != "" {
			r.actionMessage = actionMessage{
				short: i18n.T("tray.deleted", "days", data.BackupDays),
				hint:  i18n.T("tray.deletedHint", "profile", profile),
				acts:  []problem.Act{{Name: problem.ActUndoDelete}},
				stays: true,
			}
			a.showMessage(r.actionMessage)
		}
		return r
	}
}

// changing changes the state of the runtime. Its result never counts as failed: the
// runtime's own snapshot carries the problem for as long as the problem lasts.
func (a *app) changing(on target, f func(ctx context.Context, profile string) error) actionFunc {
	do := a.detached(func(ctx context.Context) error { return f(ctx, on.profile) })
	return func(ctx context.Context) result {
		r := do(ctx)
		r.failed = false
		return r
	}
}

// choosing changes a setting.
func (a *app) choosing(f func(context.Context) error) actionFunc {
	return func(ctx context.Context) result {
		if err := f(ctx); err != nil {
			return result{actionMessage: a.failedMessage(err, i18n.T("tray.failed.setting"), i18n.Sentence(i18n.Error(err)))}
		}
		return result{}
	}
}

// opening opens a window of another program.
func (a *app) opening(f func(context.Context) error, failed string) actionFunc {
	return func(ctx context.Context) result {
		ctx, cancel := context.WithTimeout(ctx, openTime)
		defer cancel()
		if err := f(ctx); err != nil {
			return result{actionMessage: a.failedMessage(err, failed, i18n.Sentence(i18n.Error(err)))}
		}
		return result{}
	}
}

// detached carries out an action on the runtime that goes on when the tray ends.
func (a *app) detached(f func(context.Context) error) actionFunc {
	return func(ctx context.Context) result {
		err := f(context.WithoutCancel(ctx))
		var p *problem.Problem
		switch {
		case err == nil, errors.Is(err, context.Canceled):
			return result{}
		case errors.As(err, &p) && p.Code == problem.Cancelled:
			return result{} // another click cancelled the action
		default:
			return result{actionMessage: a.failed(err, i18n.T("tray.failed.other"), "")}
		}
	}
}

// within limits the time of an action that composes its own message.
func within(limit time.Duration, do func(context.Context) actionMessage) actionFunc {
	return func(ctx context.Context) result {
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		return result{actionMessage: do(ctx)}
	}
}

func (a *app) copyURL(on target) actionFunc {
	return within(copyTime, func(ctx context.Context) actionMessage {
		if on.now.URL.IsZero() {
			a.tellState(on)(ctx)
			return actionMessage{}
		}
		message := actionMessage{short: i18n.T("tray.copied"), hint: i18n.T("tray.copiedHint")}
		if err := a.Copy(ctx, on.now.URL.Reveal()); err != nil {
			message = a.failed(err, i18n.T("tray.failed.copy"), i18n.T("tray.failed.copyHint"))
		}
		a.showMessage(message)
		return message
	})
}

func (a *app) openColab(target) actionFunc   { return a.openPage(colab.HomePage) }
func (a *app) newNotebook(target) actionFunc { return a.openPage(colab.NewNotebookPage) }

func (a *app) openPage(page string) actionFunc {
	return within(openTime, func(ctx context.Context) actionMessage {
		if err := a.OpenURL(ctx, page); err != nil {
			return a.failedMessage(err, i18n.T("tray.failed.browser"), i18n.T("tray.failed.browserHint", "page", page))
		}
		return actionMessage{}
	})
}

func (a *app) forgetNotebooks(target) actionFunc {
	return a.opening(func(context.Context) error { return a.Recent.Forget() }, i18n.T("tray.failed.forget"))
}

func (a *app) showLogs(on target) actionFunc {
	return within(logsTime, func(ctx context.Context) actionMessage { return a.openLogs(ctx, on.now.Profile, on.now.Runtime) })
}

func (a *app) openLogs(ctx context.Context, profile, name string) actionMessage {
	const lastLines = 5000
	path, err := a.write("runtime.log", func(w io.Writer) error {
		fmt.Fprintf(w, "%s\n\n", i18n.T("tray.logs", "runtime", name, "lines", lastLines))
		return a.Runtimes.Logs(ctx, profile, w, runtime.LogOptions{Tail: lastLines})
	})
	if err != nil {
		return a.failedMessage(err, i18n.T("tray.failed.logs"), i18n.T("tray.failed.logsHint"))
	}
	if err := a.OpenText(ctx, path); err != nil {
		return a.failedMessage(err, i18n.T("tray.failed.viewer"), i18n.T("tray.failed.viewerHint", "path", path))
	}
	return actionMessage{}
}

func (a *app) check(on target) actionFunc {
	return within(checkTime, func(ctx context.Context) actionMessage { return a.openCheck(ctx, on.now.Profile) })
}

func (a *app) openCheck(ctx context.Context, profile string) actionMessage {
	report, err := a.Check(ctx, profile)
	if err != nil {
		return a.failedMessage(err, i18n.T("tray.failed.check"), i18n.T("tray.failed.checkHint"))
	}
	message := actionMessage{short: strings.TrimSuffix(report.Verdict, "."), acts: report.Acts()}
	if path, err := a.write("check.txt", func(w io.Writer) error {
		_, err := io.WriteString(w, i18n.Lines(report.Text()))
		return err
	}); err != nil {
		a.Log.Warn("report of the check", "error", err)
	} else if err := a.OpenText(ctx, path); err != nil {
		a.Log.Warn("report of the check", "error", err)
		message.hint = i18n.T("tray.checkFile", "path", path)
	}
	a.showMessage(message)
	return message
}

// failed returns the message for an error: that of the problem in it, else the
// given texts. An empty hint is no hint.
func (a *app) failed(err error, short, hint string) actionMessage {
	var p *problem.Problem
	if errors.As(err, &p) {
		return actionMessage{short: p.Short, hint: cmp.Or(advice(p), hint), failed: true}
	}
	a.Log.Warn("an action failed", "message", short, "error", err)
	return actionMessage{short: short, hint: hint, failed: true}
}

// failedMessage is failed for an error that only the menu would show: it shows the
// message as a notification, too.
func (a *app) failedMessage(err error, short, hint string) actionMessage {
	message := a.failed(err, short, hint)
	a.showMessage(message)
	return message
}

func (a *app) showMessage(message actionMessage) {
	if a.ShowMessage != nil {
		a.ShowMessage(message.short, message.hint, message.acts...)
	}
}

// maxFile is the most that is written into a file to be shown, in bytes: the
// content comes from a container, which can write without end.
const maxFile = 16 << 20

// write replaces a file in LogDir, readable by its owner alone, and returns its
// path. A viewer that has the previous file open keeps the previous content.
func (a *app) write(name string, content func(io.Writer) error) (path string, err error) {
	if err := os.MkdirAll(a.LogDir, 0o700); err != nil {
		return "", err
	}
	text := engine.Beginning{Most: maxFile}
	if err := content(&text); err != nil {
		return "", err
	}
	path = filepath.Join(a.LogDir, name)
	return path, atomicwriter.WriteFile(path, []byte(text.String()), 0o600)
}
