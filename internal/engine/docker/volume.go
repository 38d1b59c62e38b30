package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/versions"
	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/pkg/stdcopy"

	"colabtray/internal/engine"
	"colabtray/internal/i18n"
)

// EnsureVolume implements [engine.Volumes].
func (d *Engine) EnsureVolume(ctx context.Context, spec engine.Spec) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	if exists, err := d.HasVolume(ctx, spec.Volume); exists || err != nil {
		return false, err
	}
	labels, err := d.volumeLabels(ctx, spec)
	if err != nil {
		return false, err
	}
	_, err = d.api.Load().VolumeCreate(ctx, volume.CreateOptions{Name: spec.Volume, Labels: labels})
	return err == nil, engineError(err)
}

// RemoveVolume implements [engine.Volumes].
func (d *Engine) RemoveVolume(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	return engineError(d.api.Load().VolumeRemove(ctx, name, false))
}

// HasVolume implements [engine.Volumes].
func (d *Engine) HasVolume(ctx context.Context, name string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	_, err := d.api.Load().VolumeInspect(ctx, name)
	if isNotFound(err) {
		return false, nil
	}
	return err == nil, engineError(err)
}

// Mountpoint implements [engine.Mountpoints].
func (d *Engine) Mountpoint(ctx context.Context, name string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	v, err := d.api.Load().VolumeInspect(ctx, name)
	return v.Mountpoint, engineError(err)
}

// VolumeSize implements [engine.Volumes]. An engine with an API before 1.42 cannot
// measure volumes alone, and measures everything it stores.
func (d *Engine) VolumeSize(ctx context.Context, name string) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	api := d.api.Load()
	var options types.DiskUsageOptions
	if versions.GreaterThanOrEqualTo(api.ClientVersion(), "1.42") {
		options.Types = []types.DiskUsageObject{types.VolumeObject}
	}
	usage, err := api.DiskUsage(ctx, options)
	if err != nil && strings.Contains(strings.ToLower(err.Error()), "no such") {
		// Podman looks at every container, and one was removed meanwhile.
		return 0, fmt.Errorf("%w: %w", engine.ErrBusy, err)
	}
	if err != nil {
		return 0, engineError(err)
	}
	for _, v := range usage.Volumes {
		if v != nil && v.Name == name && v.UsageData != nil && v.UsageData.Size >= 0 {
			return v.UsageData.Size, nil
		}
	}
	return 0, engine.ErrNotFound
}

// VolumeUsers implements [engine.Volumes]. The engine's filter also matches the
// directory of a mount, so the result is filtered again.
func (d *Engine) VolumeUsers(ctx context.Context, volume string, running bool) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	list, err := d.api.Load().ContainerList(ctx, container.ListOptions{
		All:     !running,
		Filters: filters.NewArgs(filters.Arg("volume", volume)),
	})
	if err != nil {
		return nil, engineError(err)
	}
	var names []string
	for _, c := range list {
		uses := func(m container.MountPoint) bool { return m.Type == mount.TypeVolume && m.Name == volume }
		if slices.ContainsFunc(c.Mounts, uses) && len(c.Names) > 0 {
			names = append(names, strings.TrimPrefix(c.Names[0], "/"))
		}
	}
	return names, nil
}

// Images implements [engine.Volumes].
func (d *Engine) Images(ctx context.Context) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	list, err := d.api.Load().ImageList(ctx, image.ListOptions{})
	if err != nil {
		return nil, engineError(err)
	}
	var ids []string
	for _, i := range list {
		ids = append(ids, i.ID)
	}
	return ids, nil
}

// CreateHelper implements [engine.Volumes]. NoCopy keeps the engine from filling an
// empty volume with the image's files at that path.
func (d *Engine) CreateHelper(ctx context.Context, spec engine.HelperSpec) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	labels := engine.WithUniqueLabel(map[string]string{engine.LabelHelper: spec.Runtime, engine.LabelWrites: ""}) // set always, so that the image's labels do not count
	if spec.Writes {
		labels[engine.LabelWrites] = "yes"
	}
	userns, err := d.userns(ctx, spec.Volume)
	if err != nil {
		return "", err
	}
	logging := container.LogConfig{Type: "json-file"} // readable, unlike some default drivers
	if spec.Prints {
		logging.Type = "none"
	}
	var mounts []mount.Mount
	if spec.Volume != "" {
		mounts = []mount.Mount{{
			Type: mount.TypeVolume, Source: spec.Volume, Target: spec.Path,
			VolumeOptions: &mount.VolumeOptions{NoCopy: true},
		}}
	}
	created, err := d.api.Load().ContainerCreate(ctx,
		&container.Config{
			Image:       spec.Image,
			Entrypoint:  spec.Cmd[:1],
			Cmd:         spec.Cmd[1:],
			User:        "0:0",
			WorkingDir:  "/",
			Labels:      labels,
			Healthcheck: &container.HealthConfig{Test: []string{"NONE"}},
		},
		&container.HostConfig{
			NetworkMode: "none",
			UsernsMode:  userns,
			LogConfig:   logging,
			Mounts:      mounts,
		}, nil, nil, engine.HelperName(spec.Runtime))
	return created.ID, engineError(err)
}

// ReadHelper implements [engine.Volumes]. Docker does not start the helper. Podman's
// archives of a volume leave out files named dev, proc or sys, and make the container's
// user the owner of all files (libpod/container_copy_linux.go of 4.3). So with Podman
// the helper runs tar, and its exit code tells whether all files were read.
func (d *Engine) ReadHelper(ctx context.Context, id, path string) (io.ReadCloser, error) {
	if !d.podman.Load() {
		return d.Get(ctx, id, path)
	}
	api := d.api.Load()
	attached, err := attach(ctx, func() (types.HijackedResponse, error) {
		return api.ContainerAttach(ctx, id, container.AttachOptions{Stream: true, Stdout: true, Stderr: true})
	})
	if err != nil {
		return nil, engineError(err)
	}
	if err := d.Start(ctx, id); err != nil {
		attached.Close()
		return nil, err
	}
	r, w := io.Pipe()
	reading, stalls := engine.WatchStall(ctx, engine.StallTime, engineError)
	stop := context.AfterFunc(reading, attached.Close)
	copied := make(chan error, 1)
	go func() {
		message := engine.Beginning{Most: maxMessage}
		_, err := stdcopy.StdCopy(w, &message, stalls.Received(attached.Reader))
		copied <- err
		if err == nil {
			err = d.archived(ctx, id, message.String())
		}
		w.CloseWithError(err)
	}()
	return struct {
		io.Reader
		io.Closer
	}{r, closing(func() error {
		stop()
		stalls.End()
		attached.Close()
		err := r.Close()
		if <-copied != nil { // the helper still runs, and could be read again
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTime)
			defer cancel()
			err = errors.Join(err, d.Stop(ctx, id, 0))
		}
		return err
	})}, nil
}

// endTime is how long a helper may take to end once its output is no longer read.
const endTime = time.Minute

// archived returns the error of tar in a helper. Its exit code is 1 when a file changed
// while it was read.
func (d *Engine) archived(ctx context.Context, id, message string) error {
	ctx, cancel := context.WithTimeout(ctx, endTime)
	defer cancel()
	if err := d.Wait(ctx, id); err != nil {
		return err
	}
	c, err := d.Inspect(ctx, id)
	switch {
	case err != nil:
		return err
	case c.ExitCode == 1:
		return fmt.Errorf("%w: %s", engine.ErrChanged, message)
	case !c.Exists || c.ExitCode != 0:
		return errors.New(i18n.T("problem.tarEnded", "code", c.ExitCode, "output", message))
	}
	return nil
}

// closing is a Close method as a function.
type closing func() error

func (c closing) Close() error { return c() }

// RemoveHelper implements [engine.Volumes]. It also removes the helper's volumes
// without a name, which the image may declare. Named volumes stay.
func (d *Engine) RemoveHelper(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	err := d.remove(ctx, id, container.RemoveOptions{Force: true, RemoveVolumes: true})
	if isNotFound(err) {
		return nil
	}
	return engineError(err)
}

// Unpack implements [engine.Volumes].
func (d *Engine) Unpack(ctx context.Context, id, path string, archive io.Reader) error {
	ctx, stalls := engine.WatchStall(ctx, engine.StallTime, engineError)
	defer stalls.End()
	err := d.api.Load().CopyToContainer(ctx, id, path, stalls.Sent(archive), container.CopyToContainerOptions{})
	return stalls.Err(err)
}
