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
	"time"

	"colabtray/internal/engine"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/containerd/platforms"
	"github.com/docker/docker/api/types/image"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Image implements [engine.Engine]. An image from a registry has a digest. Podman also
// gives a digest of the registry localhost to images that it built.
func (d *Engine) Image(ctx context.Context, ref, wanted string) (engine.ImageInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	found, err := d.api.Load().ImageInspect(ctx, ref)
	if isNotFound(err) {
		return engine.ImageInfo{}, nil
	}
	if err != nil {
		return engine.ImageInfo{}, engineError(err)
	}
	p, err := platform(wanted)
	if err != nil || p != nil && (p.OS != found.Os || p.Architecture != found.Architecture) {
		return engine.ImageInfo{}, err
	}
	info := engine.ImageInfo{ID: found.ID, Digests: remoteDigests(found.RepoDigests), Made: madeAt(found.Created), Size: max(0, found.Size)}
	info.Local = len(info.Digests) == 0
	if c := found.Config; c != nil {
		info.Config = &engine.ImageConfig{
			User: c.User, WorkDir: c.WorkingDir, Env: c.Env,
			Volumes: slices.Sorted(maps.Keys(c.Volumes)), Entrypoint: c.Entrypoint, Cmd: c.Cmd,
		}
	}
	return info, nil
}

// madeAt parses the time at which an image was made. Images that are built the same at
// any time have a time long ago.
func madeAt(text string) time.Time {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || at.Year() < 2000 {
		return time.Time{}
	}
	return at
}

// remoteDigests returns the digests in names such as "quay.io/jupyter/base@sha256:...",
// without those of the registry localhost.
func remoteDigests(names []string) []string {
	var digests []string
	for _, full := range names {
		repository, digest, _ := strings.Cut(full, "@")
		if !strings.HasPrefix(repository, "localhost/") && !slices.Contains(digests, digest) {
			digests = append(digests, digest)
		}
	}
	return digests
}

// Tag implements [engine.Tagger].
func (d *Engine) Tag(ctx context.Context, id, name string) error {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	return engineError(d.api.Load().ImageTag(ctx, id, name))
}

// Untag implements [engine.Tagger]. Docker keeps a pulled image by its digest after its
// last name is gone, so Untag then removes the image by its ID.
func (d *Engine) Untag(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
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
	if isNotFound(err) || cerrdefs.IsConflict(err) { // already gone, or in use
		return nil
	}
	return engineError(err)
}

// Pull implements [engine.Engine]. When credentials cannot be read or are refused, Pull
// tries without, because the image may be public.
func (d *Engine) Pull(ctx context.Context, ref, wanted string, progress func(engine.Progress)) error {
	auth, err := imageCredentials(ctx, ref, d.helperPatience)
	if err != nil {
		d.log.Warn("pulling the image without credentials", "image", ref, "error", err)
	}
	if err := d.pull(ctx, ref, wanted, auth, progress); auth == "" || !errors.Is(err, engine.ErrImageNotFound) {
		return err
	}
	d.log.Warn("the registry refused the credentials; pulling the image without", "image", ref)
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

// platformName returns the wanted platform, or else the one in DOCKER_DEFAULT_PLATFORM,
// as the docker command does; empty for the engine's own.
func platformName(wanted string) string { return cmp.Or(wanted, os.Getenv("DOCKER_DEFAULT_PLATFORM")) }

// platform parses the name of a platform such as "linux/arm64/v8". It returns nil for
// the engine's own platform.
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
