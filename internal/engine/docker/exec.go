package docker

import (
	"context"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"
)

// Exec implements [Executor].
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
	var message, complaint shortText
	if _, err = stdcopy.StdCopy(&message, &complaint, attached.Reader); ctx.Err() != nil {
		err = ctx.Err()
	}
	return message.String(), complaint.String(), err
}
