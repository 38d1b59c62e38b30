package docker

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/container"

	"colabtray/internal/engine"
)

// Rootless Podman maps the person to root in a container. Folders of the host belong to
// root there, so Jupyter's user cannot write to them. Since 4.3 Podman can map the person
// to any user. Files of a volume have other owners with the mapping than without, so the
// mapping is decided when the volume is made, and recorded in a label of the volume: all
// containers that mount the volume use the same mapping.

// volumeLabels returns the labels for a new data volume. To map users an engine copies
// the image, so users are mapped only when there are folders.
func (d *Engine) volumeLabels(ctx context.Context, s engine.Spec) (map[string]string, error) {
	labels := engine.VolumeLabels(s)
	if len(s.Folders) == 0 {
		return labels, nil
	}
	user, err := d.mappedUser(ctx, s)
	if user == "" && err == nil {
		user, err = d.handedUser(ctx, s)
	}
	if user != "" {
		labels[engine.LabelUser] = user
	}
	return labels, err
}

// mappedUser returns "UID:GID" of the user that the person is mapped to in containers
// with the new volume. It is empty when the engine cannot map users or need not.
func (d *Engine) mappedUser(ctx context.Context, s engine.Spec) (string, error) {
	if !d.mapsUsers.Load() {
		return "", nil
	}
	image, err := d.api.Load().ImageInspect(ctx, s.Image)
	if isNotFound(err) || err == nil && image.Config == nil {
		return "", nil
	}
	if err != nil {
		return "", engineError(err)
	}
	env := slices.Clone(image.Config.Env)
	for _, v := range s.Env {
		env = append(env, v.Name+"="+v.Value.Reveal())
	}
	return engine.OrdinaryUser(cmp.Or(s.User, image.Config.User), env), nil
}

// userns returns the user namespace mode for containers that mount a volume; empty for
// the engine's default.
func (d *Engine) userns(ctx context.Context, volume string) (container.UsernsMode, error) {
	if !d.mapsUsers.Load() {
		return "", nil
	}
	v, err := d.api.Load().VolumeInspect(ctx, volume)
	if isNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", engineError(err)
	}
	uid, gid, _ := strings.Cut(v.Labels[engine.LabelUser], ":")
	if !engine.UserNumber.MatchString(uid) || !engine.UserNumber.MatchString(gid) {
		return "", nil
	}
	return container.UsernsMode("keep-id:uid=" + uid + ",gid=" + gid), nil
}
