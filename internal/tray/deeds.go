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

	"colabtray/internal/problem"
	"colabtray/internal/runtime"
	"colabtray/internal/words"
)

// deed is what an action does. It runs on a goroutine of its own and says what
// came of it.
type deed func(context.Context) result

// deed returns what choosing a row does, as it is asked for now; nil for nothing.
func (a *app) deed(chosen Row) deed {
	do := entryOf(chosen.Action).do
	if do == nil {
		return nil
	}
	profile := cmp.Or(chosen.Profile, a.scene.overview.Current)
	now, _ := a.scene.overview.Of(profile)
	return do(a, target{profile, now, chosen.Checked})
}

func (a *app) start(on target) deed   { return a.changing(on, a.Runtimes.Start) }
func (a *app) stop(on target) deed    { return a.changing(on, a.Runtimes.Stop) }
func (a *app) restart(on target) deed { return a.changing(on, a.Runtimes.Restart) }

func (a *app) startWithoutGPU(on target) deed { return a.changing(on, a.StartWithoutGPU) }
func (a *app) undoUpdate(on target) deed      { return a.changing(on, a.UndoUpdate) }

func (a *app) keepRunning(on target) deed {
	return func(context.Context) result {
		a.KeepRunning(on.profile)
		return result{}
	}
}

func (a *app) selectProfile(on target) deed {
	return a.choosing(func(ctx context.Context) error { return a.Select(ctx, on.profile) })
}

func (a *app) openJupyter(on target) deed {
	return a.opening(func(ctx context.Context) error { return a.OpenJupyter(ctx, on.profile) }, words.Say("tray.failed.openJupyter"))
}

func (a *app) openGuide(target) deed {
	return a.opening(a.Guide, words.Say("tray.failed.guide"))
}

func (a *app) editSettings(target) deed {
	return a.opening(a.EditSettings, words.Say("tray.failed.openSettings"))
}

func (a *app) deleteContainer(on target) deed {
	if asksFirst(on.now) {
		return func(ctx context.Context) result { return a.armContainer(ctx, on.profile) }
	}
	return a.deleting(on.profile, false)
}

func (a *app) deleteData(on target) deed {
	return func(ctx context.Context) result { return a.arm(ctx, on.profile, asksFirst(on.now)) }
}

func (a *app) confirmDelete(on target) deed     { return a.deleting(on.profile, false) }
func (a *app) confirmDeleteData(on target) deed { return a.deleting(on.profile, true) }

func (a *app) quit(target) deed { return a.lasting(a.Quit) }

// arm looks how much would be deleted, in the volume and maybe in the container
// alone, and asks for a second choice.
func (a *app) arm(ctx context.Context, profile string, container bool) result {
	ctx, cancel := context.WithTimeout(ctx, sizeTime)
	defer cancel()
	size, err := a.DataSize(ctx, profile)
	if err == nil && container && size >= 0 {
		var lost int64
		lost, err = a.Lost(ctx, profile)
		size += lost
	}
	if err != nil {
		return result{outcome: a.failedTold(err, words.Say("tray.failed.size"), words.Say("tray.failed.sizeHint"))}
	}
	return a.armWith(armed{profile: profile, size: size})
}

// armContainer looks what the container alone has, and asks for a second choice.
func (a *app) armContainer(ctx context.Context, profile string) result {
	ctx, cancel := context.WithTimeout(ctx, sizeTime)
	defer cancel()
	size, err := a.Lost(ctx, profile)
	if err != nil {
		return result{outcome: a.failedTold(err, words.Say("tray.failed.size"), words.Say("tray.failed.sizeHint"))}
	}
	return a.armWith(armed{profile: profile, size: size, container: true})
}

func (a *app) armWith(armed armed) result {
	said := outcome{short: words.Say("tray.armed"), hint: words.Say("tray.armedHint", "row", armed.confirmation())}
	a.tell(said)
	return result{outcome: said, armed: armed}
}

// deleting deletes a container, with its data or not, and says where these are.
func (a *app) deleting(profile string, data bool) deed {
	var backup string
	do := a.lasting(func(ctx context.Context) (err error) {
		backup, err = a.Delete(ctx, profile, data)
		return err
	})
	return func(ctx context.Context) result {
		r := do(ctx)
		if r.short == "" && backup != "" {
			r.outcome = outcome{
				short: words.Say("tray.deleted"),
				hint:  words.Say("tray.deletedHint", "profile", profile),
				stays: true,
			}
			a.tell(r.outcome)
		}
		return r
	}
}

// changing changes the state of the runtime. A failure is one of the moment: the
// runtime itself has the problem for as long as there is one.
func (a *app) changing(on target, f func(ctx context.Context, profile string) error) deed {
	do := a.lasting(func(ctx context.Context) error { return f(ctx, on.profile) })
	return func(ctx context.Context) result {
		r := do(ctx)
		r.failed = false
		return r
	}
}

// choosing changes a setting.
func (a *app) choosing(f func(context.Context) error) deed {
	return func(ctx context.Context) result {
		if err := f(ctx); err != nil {
			return result{outcome: a.failedTold(err, words.Say("tray.failed.setting"), words.Sentence(words.Error(err)))}
		}
		return result{}
	}
}

// opening opens a window that is not ours.
func (a *app) opening(f func(context.Context) error, failed string) deed {
	return func(ctx context.Context) result {
		ctx, cancel := context.WithTimeout(ctx, openTime)
		defer cancel()
		if err := f(ctx); err != nil {
			return result{outcome: a.failedTold(err, failed, words.Sentence(words.Error(err)))}
		}
		return result{}
	}
}

// lasting does something to the runtime that the end of the tray does not undo.
func (a *app) lasting(f func(context.Context) error) deed {
	return func(ctx context.Context) result {
		err := f(context.WithoutCancel(ctx))
		var p *problem.Problem
		switch {
		case err == nil, errors.Is(err, context.Canceled):
			return result{}
		case errors.As(err, &p) && p.Code == problem.CodeCancelled:
			return result{} // by another click
		default:
			return result{outcome: a.failed(err, words.Say("tray.failed.other"), "")}
		}
	}
}

// within does what says more than whether it failed, in a time.
func within(limit time.Duration, do func(context.Context) outcome) deed {
	return func(ctx context.Context) result {
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		return result{outcome: do(ctx)}
	}
}

func (a *app) copyURL(on target) deed {
	return within(copyTime, func(ctx context.Context) outcome {
		if on.now.URL.IsZero() {
			return outcome{}
		}
		said := outcome{short: words.Say("tray.copied"), hint: words.Say("tray.copiedHint")}
		if err := a.Copy(ctx, on.now.URL.Reveal()); err != nil {
			said = a.failed(err, words.Say("tray.failed.copy"), words.Say("tray.failed.copyHint"))
		}
		a.tell(said)
		return said
	})
}

func (a *app) openColab(target) deed {
	return within(openTime, func(ctx context.Context) outcome {
		if err := a.OpenURL(ctx, colabPage); err != nil {
			return a.failedTold(err, words.Say("tray.failed.browser"), words.Say("tray.failed.browserHint", "page", colabPage))
		}
		return outcome{}
	})
}

func (a *app) showLogs(on target) deed {
	return within(logsTime, func(ctx context.Context) outcome { return a.openLogs(ctx, on.now.Profile, on.now.Runtime) })
}

func (a *app) openLogs(ctx context.Context, profile, name string) outcome {
	const lastLines = 5000
	path, err := a.write("runtime.log", func(w io.Writer) error {
		fmt.Fprintf(w, "%s\n\n", words.Say("tray.logs", "runtime", name, "lines", lastLines))
		return a.Runtimes.Logs(ctx, profile, w, runtime.LogOptions{Tail: lastLines})
	})
	if err != nil {
		return a.failedTold(err, words.Say("tray.failed.logs"), words.Say("tray.failed.logsHint"))
	}
	if err := a.OpenText(ctx, path); err != nil {
		return a.failedTold(err, words.Say("tray.failed.viewer"), words.Say("tray.failed.viewerHint", "path", path))
	}
	return outcome{}
}

func (a *app) check(on target) deed {
	return within(checkTime, func(ctx context.Context) outcome { return a.openCheck(ctx, on.now.Profile) })
}

func (a *app) openCheck(ctx context.Context, profile string) outcome {
	verdict, report, err := a.Check(ctx, profile)
	if err != nil {
		return a.failedTold(err, words.Say("tray.failed.check"), words.Say("tray.failed.checkHint"))
	}
	said := outcome{short: strings.TrimSuffix(verdict, ".")}
	if path, err := a.write("check.txt", func(w io.Writer) error {
		_, err := io.WriteString(w, words.Lines(report))
		return err
	}); err != nil {
		a.Log.Warn("report of the check", "error", err)
	} else if err := a.OpenText(ctx, path); err != nil {
		a.Log.Warn("report of the check", "error", err)
		said.hint = words.Say("tray.checkFile", "path", path)
	}
	a.tell(said)
	return said
}

// failed puts an error into words: those of a problem, else the ones given. An
// empty hint is none.
func (a *app) failed(err error, short, hint string) outcome {
	var p *problem.Problem
	if errors.As(err, &p) {
		return outcome{short: p.Short, hint: cmp.Or(advice(p), hint), failed: true}
	}
	a.Log.Warn("an action failed", "said", short, "error", err)
	return outcome{short: short, hint: hint, failed: true}
}

// failedTold is failed for what only the menu would show.
func (a *app) failedTold(err error, short, hint string) outcome {
	said := a.failed(err, short, hint)
	a.tell(said)
	return said
}

func (a *app) tell(said outcome) {
	if a.Tell != nil {
		a.Tell(said.short, said.hint)
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
	if err := errors.Join(content(&bounded{w: w, left: maxFile}), w.Flush(), f.Close()); err != nil {
		return "", err
	}
	path = filepath.Join(a.LogDir, name)
	return path, os.Rename(f.Name(), path)
}

// bounded passes on so many bytes and drops the rest.
type bounded struct {
	w    io.Writer
	left int
}

func (b *bounded) Write(p []byte) (int, error) {
	fits := p[:min(len(p), b.left)]
	b.left -= len(fits)
	if _, err := b.w.Write(fits); err != nil {
		return 0, err
	}
	return len(p), nil
}
