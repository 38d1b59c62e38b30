package tray

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"colabtray/internal/i18n"
	"colabtray/internal/problem"
	"colabtray/internal/runtime"
)

// actionFunc is what an action does. It runs on a goroutine of its own and says what
// came of it.
type actionFunc func(context.Context) result

// actionFor returns what choosing a row does, as it is asked for now; nil for nothing.
func (a *app) actionFor(chosen Row) actionFunc {
	do := entryOf(chosen.Action).do
	if do == nil {
		return nil
	}
	profile := cmp.Or(chosen.Profile, a.viewInput.overview.Current)
	now, _ := a.viewInput.overview.Of(profile)
	return do(a, target{profile, now, chosen.Checked})
}

func (a *app) start(on target) actionFunc   { return a.changing(on, a.Runtimes.Start) }
func (a *app) stop(on target) actionFunc    { return a.changing(on, a.Runtimes.Stop) }
func (a *app) restart(on target) actionFunc { return a.changing(on, a.Runtimes.Restart) }

func (a *app) startWithoutGPU(on target) actionFunc { return a.changing(on, a.StartWithoutGPU) }
func (a *app) undoUpdate(on target) actionFunc      { return a.changing(on, a.UndoUpdate) }

func (a *app) keepRunning(on target) actionFunc {
	return func(context.Context) result {
		a.KeepRunning(on.profile)
		return result{}
	}
}

func (a *app) selectProfile(on target) actionFunc {
	return a.choosing(func(ctx context.Context) error { return a.Select(ctx, on.profile) })
}

func (a *app) openJupyter(on target) actionFunc {
	return a.opening(func(ctx context.Context) error { return a.OpenJupyter(ctx, on.profile) }, i18n.T("tray.failed.openJupyter"))
}

func (a *app) openGuide(target) actionFunc {
	return a.opening(a.Guide, i18n.T("tray.failed.guide"))
}

func (a *app) editSettings(target) actionFunc {
	return a.opening(a.EditSettings, i18n.T("tray.failed.openSettings"))
}

func (a *app) deleteContainer(on target) actionFunc {
	if needsConfirmation(on.now) {
		return func(ctx context.Context) result { return a.armContainer(ctx, on.profile) }
	}
	return a.deleting(on.profile, false)
}

func (a *app) deleteData(on target) actionFunc {
	return func(ctx context.Context) result { return a.armDelete(ctx, on.profile, needsConfirmation(on.now)) }
}

func (a *app) confirmDelete(on target) actionFunc     { return a.deleting(on.profile, false) }
func (a *app) confirmDeleteData(on target) actionFunc { return a.deleting(on.profile, true) }

func (a *app) quit(target) actionFunc { return a.detached(a.Quit) }

// armDelete looks how much would be deleted, in the volume and maybe in the container
// alone, and asks for a second choice.
func (a *app) armDelete(ctx context.Context, profile string, container bool) result {
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
	return a.armWith(pendingDelete{profile: profile, size: size})
}

// armContainer looks what the container alone has, and asks for a second choice.
func (a *app) armContainer(ctx context.Context, profile string) result {
	ctx, cancel := context.WithTimeout(ctx, sizeTime)
	defer cancel()
	size, err := a.Lost(ctx, profile)
	if err != nil {
		return result{actionMessage: a.failedMessage(err, i18n.T("tray.failed.size"), i18n.T("tray.failed.sizeHint"))}
	}
	return a.armWith(pendingDelete{profile: profile, size: size, container: true})
}

func (a *app) armWith(pendingDelete pendingDelete) result {
	message := actionMessage{short: i18n.T("tray.armed"), hint: i18n.T("tray.armedHint", "row", pendingDelete.confirmDeleteText())}
	a.showMessage(message)
	return result{actionMessage: message, pendingDelete: pendingDelete}
}

// deleting deletes a container, with its data or not, and says where these are.
func (a *app) deleting(profile string, data bool) actionFunc {
	var backup string
	do := a.detached(func(ctx context.Context) (err error) {
		backup, err = a.Delete(ctx, profile, data)
		return err
	})
	return func(ctx context.Context) result {
		r := do(ctx)
		if r.short == "" && backup != "" {
			r.actionMessage = actionMessage{
				short: i18n.T("tray.deleted"),
				hint:  i18n.T("tray.deletedHint", "profile", profile),
				stays: true,
			}
			a.showMessage(r.actionMessage)
		}
		return r
	}
}

// changing changes the state of the runtime. A failure is one of the moment: the
// runtime itself has the problem for as long as there is one.
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

// opening opens a window that is not ours.
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

// detached does something to the runtime that the end of the tray does not undo.
func (a *app) detached(f func(context.Context) error) actionFunc {
	return func(ctx context.Context) result {
		err := f(context.WithoutCancel(ctx))
		var p *problem.Problem
		switch {
		case err == nil, errors.Is(err, context.Canceled):
			return result{}
		case errors.As(err, &p) && p.Code == problem.Cancelled:
			return result{} // by another click
		default:
			return result{actionMessage: a.failed(err, i18n.T("tray.failed.other"), "")}
		}
	}
}

// within does what says more than whether it failed, in a time.
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

func (a *app) openColab(target) actionFunc {
	return within(openTime, func(ctx context.Context) actionMessage {
		if err := a.OpenURL(ctx, colabPage); err != nil {
			return a.failedMessage(err, i18n.T("tray.failed.browser"), i18n.T("tray.failed.browserHint", "page", colabPage))
		}
		return actionMessage{}
	})
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
	verdict, report, err := a.Check(ctx, profile)
	if err != nil {
		return a.failedMessage(err, i18n.T("tray.failed.check"), i18n.T("tray.failed.checkHint"))
	}
	message := actionMessage{short: strings.TrimSuffix(verdict, ".")}
	if path, err := a.write("check.txt", func(w io.Writer) error {
		_, err := io.WriteString(w, i18n.Lines(report))
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

// failed puts an error into words: those of a problem, else the ones given. An
// empty hint is none.
func (a *app) failed(err error, short, hint string) actionMessage {
	var p *problem.Problem
	if errors.As(err, &p) {
		return actionMessage{short: p.Short, hint: cmp.Or(advice(p), hint), failed: true}
	}
	a.Log.Warn("an action failed", "said", short, "error", err)
	return actionMessage{short: short, hint: hint, failed: true}
}

// failedMessage is failed for what only the menu would show.
func (a *app) failedMessage(err error, short, hint string) actionMessage {
	message := a.failed(err, short, hint)
	a.showMessage(message)
	return message
}

func (a *app) showMessage(message actionMessage) {
	if a.ShowMessage != nil {
		a.ShowMessage(message.short, message.hint)
	}
}

// maxFile is how much is written into a file that is shown, in bytes: what it
// shows comes from a container, which can write without end.
const maxFile = 16 << 20

// write makes a file in the directory for such, which only its owner can read,
// and returns its path. A viewer that has the one before open keeps that.
func (a *app) write(name string, content func(io.Writer) error) (path string, err error) {
	if err := os.MkdirAll(a.LogDir, 0o700); err != nil {
		return "", err
	}
	f, err := os.CreateTemp(a.LogDir, name+".*") // made with 0600
	if err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	w := bufio.NewWriter(f)
	if err := errors.Join(content(&bounded{w: w, remaining: maxFile}), w.Flush(), f.Close()); err != nil {
		return "", err
	}
	path = filepath.Join(a.LogDir, name)
	return path, os.Rename(f.Name(), path)
}

// bounded passes on so many bytes and drops the rest.
type bounded struct {
	w         io.Writer
	remaining int
}

func (b *bounded) Write(p []byte) (int, error) {
	fits := p[:min(len(p), b.remaining)]
	b.remaining -= len(fits)
	if _, err := b.w.Write(fits); err != nil {
		return 0, err
	}
	return len(p), nil
}
