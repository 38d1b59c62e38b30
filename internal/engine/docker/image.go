package docker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"colabtray/internal/engine"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/containerd/platforms"
	"github.com/docker/docker/api/types/image"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Image implements [Engine]. An image that came from a registry has a digest
// there; Podman gives one, of the registry localhost, to what it made itself.
func (d *Engine) Image(ctx context.Context, ref, wanted string) (engine.ImageInfo, error) {
	found, err := d.api.Load().ImageInspect(ctx, ref)
	if cerrdefs.IsNotFound(err) {
		return engine.ImageInfo{}, nil
	}
	if err != nil {
		return engine.ImageInfo{}, engineError(err)
	}
	on, err := platform(wanted)
	if err != nil || on != nil && (on.OS != found.Os || on.Architecture != found.Architecture) {
		return engine.ImageInfo{}, err
	}
	fromRegistry := func(digest string) bool { return !strings.HasPrefix(digest, "localhost/") }
	info := engine.ImageInfo{ID: found.ID, Local: !slices.ContainsFunc(found.RepoDigests, fromRegistry)}
	if c := found.Config; c != nil {
		info.Config = &engine.ImageConfig{
			User: c.User, WorkDir: c.WorkingDir, Env: c.Env,
			Volumes: slices.Sorted(maps.Keys(c.Volumes)), Entrypoint: c.Entrypoint, Cmd: c.Cmd,
		}
	}
	return info, nil
}

// Tag implements [Tagger].
func (d *Engine) Tag(ctx context.Context, id, name string) error {
	return engineError(d.api.Load().ImageTag(ctx, id, name))
}

// Untag implements [Tagger]. An image that was pulled has a digest besides, with
// which Docker keeps it.
func (d *Engine) Untag(ctx context.Context, name string) error {
	api := d.api.Load()
	named, err := api.ImageInspect(ctx, name)
	if err != nil {
		return engineError(err)
	}
	if _, err := api.ImageRemove(ctx, name, image.RemoveOptions{PruneChildren: true}); err != nil {
		return engineError(err)
	}
	left, err := api.ImageInspect(ctx, named.ID)
	if err == nil && len(left.RepoTags) == 0 {
		_, err = api.ImageRemove(ctx, named.ID, image.RemoveOptions{PruneChildren: true})
	}
	if cerrdefs.IsNotFound(err) || cerrdefs.IsConflict(err) { // it is gone, or in use
		return nil
	}
	return engineError(err)
}

// Pull implements [Engine]. Credentials that cannot be had, or are refused, must
// not stand in the way of an image that everybody may have.
func (d *Engine) Pull(ctx context.Context, ref, wanted string, progress func(engine.Progress)) error {
	auth, err := imageCredentials(ctx, ref, d.helperPatience)
	if err != nil {
		d.log.Warn("the image is pulled without credentials", "image", ref, "error", err)
	}
	if err := d.pull(ctx, ref, wanted, auth, progress); auth == "" || !errors.Is(err, engine.ErrImageNotFound) {
		return err
	}
	d.log.Warn("the credentials were refused; the image is pulled without", "image", ref)
	return d.pull(ctx, ref, wanted, "", progress)
}

func (d *Engine) pull(ctx context.Context, ref, wanted, auth string, progress func(engine.Progress)) error {
	stream, err := d.api.Load().ImagePull(ctx, ref, image.PullOptions{Platform: platformName(wanted), RegistryAuth: auth})
	if err != nil {
		return pullError(err)
	}
	defer stream.Close()
	return pullError(readPull(stream, d.podman.Load(), progress))
}

// platformName is that of the platform wanted, or else of the one that the docker
// command goes by; empty for the engine's own.
func platformName(wanted string) string { return cmp.Or(wanted, os.Getenv("DOCKER_DEFAULT_PLATFORM")) }

// platform understands the name of a platform such as "linux/arm64/v8"; it is nil
// for the engine's own.
func platform(wanted string) (*ocispec.Platform, error) {
	name := platformName(wanted)
	if name == "" {
		return nil, nil
	}
	p, err := platforms.Parse(name)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", engine.ErrPlatform, err)
	}
	return &p, nil
}
