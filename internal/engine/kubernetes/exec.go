package kubernetes

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"colabtray/internal/child"
	"colabtray/internal/engine"
)

// inside returns the kubectl command that runs a command in the container of a pod.
func inside(pod string, command []string) []string {
	return append([]string{"exec", "-i", "pod/" + pod, "--container=" + mainContainer, "--quiet", "--"}, command...)
}

// Exec implements [engine.Executor].
func (e *Engine) Exec(ctx context.Context, id string, command []string) (stdout, stderr string, err error) {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	k, err := e.running(ctx, id)
	if err != nil {
		return "", "", err
	}
	name, _ := nameOf(id)
	out, said := engine.Beginning{Most: maxSaid}, engine.Beginning{Most: maxSaid}
	cmd := k.command(inside(name, command)...)
	cmd.Stderr = &said
	err = run(ctx, cmd, nil, &out)
	var failure *toolError
	if errors.As(err, &failure) && failure.exit > 0 {
		if p := e.toldProblem(said.String()); p != nil {
			return "", "", p
		}
		return out.String(), withoutVerdict(said.String()), nil // it is the command's
	}
	return out.String(), said.String(), e.failure(err)
}

// verdict begins what kubectl adds to what a command says that fails.
const verdict = "command terminated with exit code "

// withoutVerdict returns what a command said without what kubectl adds when it fails.
func withoutVerdict(said string) string {
	if i := strings.LastIndex(strings.TrimRight(said, "\n"), verdict); i >= 0 && (i == 0 || said[i-1] == '\n') {
		return said[:i]
	}
	return said
}

// running returns the kubectl for a container that runs.
func (e *Engine) running(ctx context.Context, id string) (kubectl, error) {
	c, err := e.Inspect(ctx, id)
	switch {
	case err != nil:
		return kubectl{}, err
	case !c.Exists:
		return kubectl{}, fmt.Errorf("%w: container %s", engine.ErrNotFound, id)
	case !c.Running || c.Waiting != nil:
		return kubectl{}, fmt.Errorf("%w: %s does not run", engine.ErrConflict, c.Name)
	}
	return e.tool(), nil
}

// archiver returns the command that writes an archive of a path.
func archiver(name string) []string {
	from, base := path.Split(path.Clean("/" + name))
	return []string{"tar", "--create", "--file=-", "--directory=" + from, "--", cmp.Or(base, ".")}
}

// read opens an archive that a command in a pod writes, and ends it when it stands still.
func (e *Engine) read(ctx context.Context, pod string, command []string) (io.ReadCloser, error) {
	ctx, stalls := engine.WatchStall(ctx, e.patience, e.failure)
	a, err := get(ctx, e.tool(), pod, command)
	return stalls.Open(a, err)
}

// send runs a command in a pod that reads an archive, and ends it when it stands still.
func (e *Engine) send(ctx context.Context, pod string, command []string, archive io.Reader) error {
	ctx, stalls := engine.WatchStall(ctx, e.patience, e.failure)
	defer stalls.End()
	return stalls.Err(run(ctx, e.tool().command(inside(pod, command)...), stalls.Sent(archive), nil))
}

// get opens an archive that a command in a pod writes. The error wraps
// [engine.ErrNotFound] when the command says that there is no such path.
func get(ctx context.Context, k kubectl, pod string, command []string) (*archive, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd := k.command(inside(pod, command)...)
	cmd.Stdout = write
	c, err := child.Start(cmd)
	_ = write.Close()
	if err != nil {
		_ = read.Close()
		return nil, startError(err)
	}
	a := &archive{child: c, read: read, stop: context.AfterFunc(ctx, c.Kill)}
	// Of a path that does not exist, tar makes no archive, or an empty one.
	first := make([]byte, 512)
	n, err := io.ReadFull(read, first)
	if err != nil || len(bytes.Trim(first, "\x00")) == 0 {
		_, _ = io.Copy(io.Discard, io.LimitReader(read, maxSaid))
		<-c.Ended()
		failure := failed(c)
		_ = a.Close()
		var of *toolError
		switch {
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case errors.As(failure, &of) && strings.Contains(strings.ToLower(of.said), "no such file or directory"):
			return nil, fmt.Errorf("%w: %s", engine.ErrNotFound, of.said)
		case failure != nil:
			return nil, failure
		}
		return nil, io.ErrUnexpectedEOF
	}
	a.Reader = io.MultiReader(bytes.NewReader(first[:n]), a.rest())
	return a, nil
}

// archive is an archive that kubectl writes.
type archive struct {
	io.Reader
	child *child.Child
	read  *os.File
	stop  func() bool
}

// rest reads until kubectl ends, and returns its error at the end.
func (a *archive) rest() io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		n, err := a.read.Read(p)
		if errors.Is(err, io.EOF) {
			<-a.child.Ended()
			if failure := failed(a.child); failure != nil {
				err = failure
			}
			if strings.Contains(a.child.Said.String(), verdict+"1\n") { // GNU tar's
				err = fmt.Errorf("%w: %w", engine.ErrChanged, err)
			}
		}
		return n, err
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// Close implements [io.Closer].
func (a *archive) Close() error {
	a.stop()
	a.child.Kill()
	<-a.child.Ended()
	return a.read.Close()
}
