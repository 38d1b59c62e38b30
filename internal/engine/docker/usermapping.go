package docker

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/versions"

	"colabtray/internal/engine"
	"colabtray/internal/i18n"
)

// A Podman of an ordinary user has that person as root in its containers, so
// folders of the host belong to root there, and Jupyter's user cannot write to
// them. From 4.3 on it can have the person as any user. The files of a volume
// then belong to others than without, so this is settled when a volume is made,
// and noted on it: whatever mounts it has the users as its first container had.

// volumeLabels returns the labels of a data volume that has to be made. To map
// users, an engine copies the image: that is for folders alone.
func (d *Engine) volumeLabels(ctx context.Context, s engine.Spec) (map[string]string, error) {
	labels := engine.VolumeLabels(s)
	if len(s.Folders) == 0 {
		return labels, nil
	}
	user, err := d.mappedUser(ctx, s)
	if user != "" {
		labels[engine.LabelUser] = user
	}
	return labels, err
}

// mappedUser returns the user, as numbers, whom a person is to be in what mounts
// a new volume; empty where the engine has no such way or no need.
func (d *Engine) mappedUser(ctx context.Context, s engine.Spec) (string, error) {
	if !d.mapsUsers.Load() {
		return "", nil
	}
	image, err := d.api.Load().ImageInspect(ctx, s.Image)
	if cerrdefs.IsNotFound(err) || err == nil && image.Config == nil {
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

// userns returns how users are mapped in what mounts a volume; empty for the
// engine's own way.
func (d *Engine) userns(ctx context.Context, volume string) (container.UsernsMode, error) {
	if !d.mapsUsers.Load() {
		return "", nil
	}
	v, err := d.api.Load().VolumeInspect(ctx, volume)
	if cerrdefs.IsNotFound(err) {
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

// podmanKind asks Podman how it was installed, and whether it can map users:
// since 4.3, and only where it is not root's.
func (d *Engine) podmanKind(ctx context.Context) (kind engine.Kind, mapsUsers bool, err error) {
	kind.Podman = true
	request, err := d.libpodRequest(ctx, http.MethodGet, "info", nil)
	if err != nil {
		return kind, false, err
	}
	response, err := d.api.Load().HTTPClient().Do(request)
	if err != nil {
		return kind, false, engineError(err)
	}
	defer response.Body.Close()
	var info struct {
		Host struct {
			Security struct {
				Rootless bool `json:"rootless"`
			} `json:"security"`
		} `json:"host"`
		Version struct{ Version string }
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(&info); err != nil {
		return kind, false, fmt.Errorf("%s: %w", i18n.T("problem.answerNotUnderstood"), err)
	}
	kind.Rootless = info.Host.Security.Rootless
	return kind, kind.Rootless && versions.GreaterThanOrEqualTo(info.Version.Version, "4.3"), nil
}
