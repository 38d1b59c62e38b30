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

	"colabtray/internal/runtime"
)

// deed returns what an action does, as it is asked for now; nil for nothing.
// It runs on a goroutine of its own and says what came of it.
func (a *app) deed(action Action) func(context.Context) outcome {
	switch action {
	case Start:
		return a.lasting(a.Runtime.Start)
	case Stop:
		return a.lasting(a.Runtime.Stop)
	case Restart:
		return a.lasting(a.Runtime.Restart)
	case CopyURL:
		url := a.scene.snapshot.URL
		return func(ctx context.Context) outcome { return a.copyURL(ctx, url) }
	case OpenColab:
		return a.openColab
	case ShowLogs:
		name := a.scene.snapshot.Runtime
		return func(ctx context.Context) outcome { return a.showLogs(ctx, name) }
	case Check:
		return a.check
	default:
		return nil
	}
}

// lasting does something to the runtime that the end of the tray does not undo.
func (a *app) lasting(f func(context.Context) error) func(context.Context) outcome {
	return func(ctx context.Context) outcome {
		err := f(context.WithoutCancel(ctx))
		var p *runtime.Problem
		switch {
		case err == nil, errors.Is(err, context.Canceled):
			return outcome{}
		case errors.As(err, &p) && p.Code == runtime.CodeCancelled:
			return outcome{} // by another click
		default:
			return a.failed(err, "That did not work", "")
		}
	}
}

func (a *app) copyURL(ctx context.Context, url runtime.BackendURL) outcome {
	ctx, cancel := context.WithTimeout(ctx, copyTime)
	defer cancel()
	if url.IsZero() {
		return outcome{}
	}
	said := outcome{"Ready: the Backend URL is copied", "In Colab: Connect ▾ > Connect to a local runtime"}
	if err := a.Copy(ctx, url.Reveal()); err != nil {
		said = a.failed(err, "The Backend URL could not be copied", "This prints it in a terminal: colab-tray url")
	}
	a.tell(said)
	return said
}

func (a *app) openColab(ctx context.Context) outcome {
	ctx, cancel := context.WithTimeout(ctx, openTime)
	defer cancel()
	if err := a.OpenURL(ctx, colabPage); err != nil {
		return a.failedTold(err, "The browser could not be opened", "Open this page in it: "+colabPage)
	}
	return outcome{}
}

func (a *app) showLogs(ctx context.Context, name string) outcome {
	ctx, cancel := context.WithTimeout(ctx, logsTime)
	defer cancel()
	const lastLines = 5000
	path, err := a.write("runtime.log", func(w io.Writer) error {
		fmt.Fprintf(w, "Output of %s, tokens masked, at most the last %d lines:\n\n", name, lastLines)
		return a.Runtime.Logs(ctx, w, runtime.LogOptions{Tail: lastLines})
	})
	if err != nil {
		return a.failedTold(err, "The logs could not be read", "This prints them in a terminal: colab-tray logs")
	}
	if err := a.OpenText(ctx, path); err != nil {
		return a.failedTold(err, "No text viewer could be opened", "The logs are in "+path)
	}
	return outcome{}
}

func (a *app) check(ctx context.Context) outcome {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	verdict, report, err := a.Check(ctx)
	if err != nil {
		return a.failedTold(err, "The connection could not be checked", "This says more in a terminal: colab-tray -v check")
	}
	said := outcome{short: strings.TrimSuffix(verdict, ".")}
	if path, err := a.write("check.txt", func(w io.Writer) error {
		_, err := io.WriteString(w, report)
		return err
	}); err != nil {
		a.Log.Warn("report of the check", "error", err)
	} else if err := a.OpenText(ctx, path); err != nil {
		a.Log.Warn("report of the check", "error", err)
		said.hint = "What was tried is in " + path
	}
	a.tell(said)
	return said
}

// failed puts an error into words: those of a problem, else the ones given. An
// empty hint is none.
func (a *app) failed(err error, short, hint string) outcome {
	var p *runtime.Problem
	if errors.As(err, &p) {
		return outcome{p.Short, cmp.Or(advice(p), hint)}
	}
	a.Log.Warn(short, "error", err)
	return outcome{short, hint}
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
