package runtime

import (
	"context"
	"io"
	"slices"
	"strings"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/versions"
)

// HasVolume implements [Engine].
func (d *Docker) HasVolume(ctx context.Context, name string) (bool, error) {
	_, err := d.api.Load().VolumeInspect(ctx, name)
	if cerrdefs.IsNotFound(err) {
		return false, nil
	}
	return err == nil, engineError(err)
}

// VolumeSize implements [Engine]. From API 1.42 on the engine is asked for
// volumes alone; before, it looks at everything it keeps.
func (d *Docker) VolumeSize(ctx context.Context, name string) (int64, error) {
	api := d.api.Load()
	var options types.DiskUsageOptions
	if versions.GreaterThanOrEqualTo(api.ClientVersion(), "1.42") {
		options.Types = []types.DiskUsageObject{types.VolumeObject}
	}
	usage, err := api.DiskUsage(ctx, options)
	if err != nil {
		return 0, engineError(err)
	}
	for _, v := range usage.Volumes {
		if v != nil && v.Name == name && v.UsageData != nil && v.UsageData.Size >= 0 {
			return v.UsageData.Size, nil
		}
	}
	return 0, ErrNotFound
}

// VolumeUsers implements [Engine]. The engine's filter also takes places where
// a volume is mounted, so its answer is looked through.
func (d *Docker) VolumeUsers(ctx context.Context, volume string, running bool) ([]string, error) {
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

// Images implements [Engine].
func (d *Docker) Images(ctx context.Context) ([]string, error) {
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

// Helpers implements [Engine].
func (d *Docker) Helpers(ctx context.Context, runtime string) ([]Helper, error) {
	list, err := d.api.Load().ContainerList(ctx, container.ListOptions{
		All:     true,
		Filters: filters.NewArgs(filters.Arg("label", labelHelper+"="+runtime)),
	})
	if err != nil {
		return nil, engineError(err)
	}
	var helpers []Helper
	for _, c := range list {
		helpers = append(helpers, Helper{ID: c.ID, Writes: c.Labels[labelWrites] != ""})
	}
	return helpers, nil
}

// CreateHelper implements [Engine]. NoCopy keeps the engine from filling an
// empty volume with what the image has at that path.
func (d *Docker) CreateHelper(ctx context.Context, spec HelperSpec) (string, error) {
	labels := map[string]string{labelHelper: spec.Runtime}
	if spec.Writes {
		labels[labelWrites] = "yes"
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
			Mounts: []mount.Mount{{
				Type: mount.TypeVolume, Source: spec.Volume, Target: spec.Path,
				VolumeOptions: &mount.VolumeOptions{NoCopy: true},
			}},
		}, nil, nil, "")
	return created.ID, engineError(err)
}

// RemoveHelper implements [Engine]. Volumes without a name, which the image
// may have asked for, go with it; those with a name stay.
func (d *Docker) RemoveHelper(ctx context.Context, id string) error {
	err := d.api.Load().ContainerRemove(ctx, id, container.RemoveOptions{Force: true, RemoveVolumes: true})
	if cerrdefs.IsNotFound(err) {
		return nil
	}
	return engineError(err)
}

// Unpack implements [Engine].
func (d *Docker) Unpack(ctx context.Context, id, path string, archive io.Reader) error {
	return engineError(d.api.Load().CopyToContainer(ctx, id, path, archive, container.CopyToContainerOptions{}))
}
