package docker

import (
	"context"
	"io"
	"time"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"

	"colabtray/internal/engine"
)

// Exec implements [engine.Executor].
func (d *Engine) Exec(ctx context.Context, id string, cmd []string) (stdout, stderr string, err error) {
	api := d.api.Load()
	attached, _, err := begin(ctx, api, id, container.ExecOptions{Cmd: cmd, AttachStdout: true, AttachStderr: true})
	if err != nil {
		return "", "", engineError(err)
	}
	defer attached.Close()
	defer context.AfterFunc(ctx, attached.Close)()
	out, errOut := engine.Beginning{Most: maxOutput}, engine.Beginning{Most: maxMessage}
	if _, err = stdcopy.StdCopy(&out, &errOut, attached.Reader); ctx.Err() != nil {
		err = ctx.Err()
	}
	return out.String(), errOut.String(), err
}

// begin begins a command in a container. How long it then takes is its own affair.
func begin(ctx context.Context, api *apiClient, id string, options container.ExecOptions) (attached types.HijackedResponse, exec string, err error) {
	asking, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	created, err := api.ContainerExecCreate(asking, id, options)
	if err != nil {
		return types.HijackedResponse{}, "", err
	}
	attached, err = attach(ctx, func() (types.HijackedResponse, error) {
		return api.ContainerExecAttach(ctx, created.ID, container.ExecAttachOptions{Tty: options.Tty})
	})
	return attached, created.ID, err
}

// attach waits for a request that takes over its connection. The library waits for the
// engine's answer for ever, whatever becomes of ctx (docker/docker v28, client/hijack.go).
func attach(ctx context.Context, request func() (types.HijackedResponse, error)) (types.HijackedResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	type answer struct {
		attached types.HijackedResponse
		err      error
	}
	answers := make(chan answer, 1)
	go func() {
		attached, err := request()
		answers <- answer{attached, err}
	}()
	select {
	case a := <-answers:
		return a.attached, a.err
	case <-ctx.Done():
		go func() {
			if a := <-answers; a.err == nil {
				a.attached.Close()
			}
		}()
		return types.HijackedResponse{}, ctx.Err()
	}
}

// How much is kept of what a command prints, in bytes, and of what it says is wrong.
const (
	maxOutput  = 64 << 10
	maxMessage = 1000
)

// Attach implements [engine.Attacher].
func (d *Engine) Attach(ctx context.Context, id string, c engine.Command) (exitCode int, err error) {
	api := d.api.Load()
	tty := c.Terminal != nil
	attached, exec, err := begin(ctx, api, id, container.ExecOptions{
		Cmd: c.Args, WorkingDir: c.Dir, Env: c.Env, Tty: tty,
		AttachStdin: true, AttachStdout: true, AttachStderr: true,
	})
	if err != nil {
		return 0, engineError(err)
	}
	defer attached.Close()
	defer context.AfterFunc(ctx, attached.Close)()
	go func() {
		_, _ = io.Copy(attached.Conn, c.Stdin)
		_ = attached.CloseWrite()
	}()
	resizing, stop := context.WithCancel(ctx)
	defer stop()
	go d.resize(resizing, exec, c.Terminal)
	if tty {
		_, err = io.Copy(c.Stdout, attached.Reader)
	} else {
		_, err = stdcopy.StdCopy(c.Stdout, c.Stderr, attached.Reader)
	}
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	if err != nil {
		return 0, err
	}
	ended, err := api.ContainerExecInspect(ctx, exec)
	return ended.ExitCode, engineError(err)
}

// resize gives the terminal of a command each size that arrives. An engine refuses a
// size until the command has begun, so it is told again until it takes the newest.
func (d *Engine) resize(ctx context.Context, exec string, sizes <-chan engine.TerminalSize) {
	var size engine.TerminalSize
	again := time.NewTimer(0)
	again.Stop()
	pause := firstResizePause
	for {
		select {
		case size = <-sizes:
			pause = firstResizePause
		case <-again.C:
			pause = min(2*pause, longestResizePause)
		case <-ctx.Done():
			return
		}
		again.Stop()
		err := d.api.Load().ContainerExecResize(ctx, exec, container.ResizeOptions{Height: size.Rows, Width: size.Columns})
		if err != nil && ctx.Err() == nil {
			d.log.Debug("the terminal in the container keeps its size", "error", err)
			again.Reset(pause)
		}
	}
}

// Pauses before an engine is told again of a size that it refused.
const (
	firstResizePause   = 10 * time.Millisecond
	longestResizePause = time.Second
)
