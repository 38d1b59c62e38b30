package docker

import (
	"context"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"
)

// Exec implements [engine.Executor].
func (d *Engine) Exec(ctx context.Context, id string, cmd []string) (stdout, stderr string, err error) {
	api := d.api.Load()
	created, err := api.ContainerExecCreate(ctx, id, container.ExecOptions{Cmd: cmd, AttachStdout: true, AttachStderr: true})
	if err != nil {
		return "", "", engineError(err)
	}
	attached, err := api.ContainerExecAttach(ctx, created.ID, container.ExecAttachOptions{})
	if err != nil {
		return "", "", engineError(err)
	}
	defer attached.Close()
	defer context.AfterFunc(ctx, attached.Close)()
	var out execOutput
	var errOut shortText
	if _, err = stdcopy.StdCopy(&out, &errOut, attached.Reader); ctx.Err() != nil {
		err = ctx.Err()
	}
	return out.String(), errOut.String(), err
}

// execOutput keeps the first 64 KiB written to it.
type execOutput struct{ strings.Builder }

func (o *execOutput) Write(p []byte) (int, error) {
	const most = 64 << 10
	o.WriteString(string(p[:min(len(p), most-min(most, o.Len()))]))
	return len(p), nil
}
