package docker

import (
	"context"
	"os"
	"path"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/docker/docker/api/types/container"

	"colabtray/internal/config"
	"colabtray/internal/engine"
)

// Root's Docker on Linux gives folders the numbers of their owners in a container, too.
// An image of docker-stacks that starts as root goes on as the user NB_UID:NB_GID
// (https://jupyter-docker-stacks.readthedocs.io/en/latest/using/common.html), which is
// made the person. Files of the volume then belong to that user, so this is decided
// when the volume is made, as in usermapping.go, and recorded in the same label.

// keepsOwners reports whether folders have the same owners in a container as on this
// computer.
func (d *Engine) keepsOwners() bool {
	e := d.Which()
	return runtime.GOOS == "linux" && e.Local && !d.podman.Load() && !e.Kind.Desktop && !e.Kind.Rootless
}

// handedUser returns "UID:GID" of the person if containers with the new volume are to
// go on as that user. It is empty where they cannot or need not.
func (d *Engine) handedUser(ctx context.Context, s engine.Spec) (string, error) {
	uid := strconv.Itoa(os.Getuid())
	if !d.keepsOwners() || s.User != "" || uid == "0" || !slices.ContainsFunc(s.Folders, func(f config.Folder) bool { return !f.ReadOnly }) {
		return "", nil
	}
	image, err := d.imageConfig(ctx, s.Image)
	if err != nil || !handsOver(image) {
		return "", err
	}
	if own, _, _ := strings.Cut(engine.OrdinaryUser(image.User, image.Env), ":"); own == uid {
		return "", nil
	}
	return uid + ":" + strconv.Itoa(os.Getgid()), nil
}

// handOver makes a container go on as the user that its volume was made for.
func (d *Engine) handOver(ctx context.Context, s engine.Spec, settings *container.Config) error {
	if !d.keepsOwners() || s.User != "" || s.Volume == "" {
		return nil
	}
	v, err := d.api.Load().VolumeInspect(ctx, s.Volume)
	if isNotFound(err) {
		return nil
	}
	if err != nil {
		return engineError(err)
	}
	uid, gid, _ := strings.Cut(v.Labels[engine.LabelUser], ":")
	if !engine.UserNumber.MatchString(uid) || !engine.UserNumber.MatchString(gid) {
		return nil
	}
	image, err := d.imageConfig(ctx, s.Image)
	if err != nil || !handsOver(image) {
		return err
	}
	settings.User = "0:0"
	for _, pair := range []string{"NB_UID=" + uid, "NB_GID=" + gid, "CHOWN_HOME=yes"} {
		name, _, _ := strings.Cut(pair, "=")
		if engine.Environment(settings.Env, name) == "" {
			settings.Env = append(settings.Env, pair)
		}
	}
	return nil
}

// imageConfig returns the settings of an image; empty when the image is not there.
func (d *Engine) imageConfig(ctx context.Context, name string) (engine.ImageConfig, error) {
	image, err := d.api.Load().ImageInspect(ctx, name)
	if isNotFound(err) || err == nil && image.Config == nil {
		return engine.ImageConfig{}, nil
	}
	if err != nil {
		return engine.ImageConfig{}, engineError(err)
	}
	return engine.ImageConfig{User: image.Config.User, Env: image.Config.Env, Entrypoint: image.Config.Entrypoint}, nil
}

// handsOver reports whether containers of an image that start as root go on as NB_UID:
// the entrypoint has the script of docker-stacks that does so.
func handsOver(image engine.ImageConfig) bool {
	return engine.Environment(image.Env, "NB_UID") != "" && slices.ContainsFunc(image.Entrypoint, func(word string) bool { return path.Base(word) == "start.sh" })
}

// denied returns the paths on this computer of the folders of a container that its user
// may not write to.
func (d *Engine) denied(c engine.Container) (hosts []string) {
	uid, gid, ordinary := strings.Cut(engine.OrdinaryUser(c.User, c.Env), ":")
	if !d.keepsOwners() || !ordinary {
		return nil
	}
	user, _ := strconv.Atoi(uid)
	group, _ := strconv.Atoi(gid)
	for _, f := range c.Effective.Folders {
		if !f.ReadOnly && !mayWrite(f.Host, user, group) {
			hosts = append(hosts, f.Host)
		}
	}
	return hosts
}
