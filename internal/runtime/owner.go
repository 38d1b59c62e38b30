package runtime

import (
	"context"
	"crypto/rand"
	"maps"
	"slices"
	"strings"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"

	"colabtray/internal/config"
)

// Labels on what this program makes. That a container carries one proves
// nothing: it may come from the image, as after `docker commit` of a container of
// ours. So a container is ours only when it has labels that its image has not,
// and the name and the volume that we give. In doubt it is somebody else's.
const (
	labelRuntime = "dev.colabtray.runtime"
	labelProfile = "dev.colabtray.profile"
	// labelSettings holds the hash of the settings that a container was made
	// from: those of the profile that only a new container can bring about.
	labelSettings = "dev.colabtray.settings"
	labelHelper   = "dev.colabtray.helper" // the runtime whose data a helper gets at
	labelWrites   = "dev.colabtray.writes" // the helper may have changed them
	// labelMade is another one on each container, so that it has one that its
	// image has not even when that was made of a container like it.
	labelMade = "dev.colabtray.made"
)

// Suffixes of the names of containers that are there while one is replaced.
const (
	nextSuffix     = "-next"
	previousSuffix = "-previous"
)

// ours reports whether the container was made by this program as a runtime.
func (c Container) ours() bool {
	of := c.Labels[labelRuntime]
	named := c.Name == of || c.Name == of+nextSuffix || c.Name == of+previousSuffix
	ofItsVolume := func(m Mount) bool { return m.Volume == volumeOf(of) }
	return of != "" && named && c.labelled() && slices.ContainsFunc(c.Mounts, ofItsVolume)
}

// helps reports whether the container was made by this program to get at the
// data of a runtime. One that only reads can do so in another volume, or none, and
// then has a name of ours.
func (c Container) helps(runtime string) bool {
	if runtime == "" || c.Labels[labelHelper] != runtime || !c.labelled() || c.Network != "none" {
		return false
	}
	reads := c.Labels[labelWrites] == "" && strings.HasPrefix(c.Name, helperPrefix+runtime+"-")
	return reads || slices.Contains(c.Mounts, Mount{volumeOf(runtime), dataPath})
}

// labelled reports whether the container has labels of ours from who made it.
func (c Container) labelled() bool {
	for _, label := range []string{labelRuntime, labelSettings, labelHelper, labelMade} {
		if value, has := c.Labels[label]; has && value != c.Inherited[label] {
			return true
		}
	}
	return false
}

func volumeOf(runtime string) string { return config.Profile{Runtime: runtime}.Volume() }

// marked returns labels with one more that no other container has; those that have
// it already keep theirs.
func marked(labels map[string]string) map[string]string {
	all := map[string]string{labelMade: strings.ToLower(rand.Text())}
	maps.Copy(all, labels)
	return all
}

// inherited returns the labels of the image that a container was made from. What
// an ID stands for does not change, so each image is asked for once.
func (d *Docker) inherited(ctx context.Context, c Container) map[string]string {
	if c.Labels[labelRuntime] == "" && c.Labels[labelHelper] == "" {
		return nil
	}
	if known, is := d.imageLabels.Load(c.ImageID); is {
		return known.(map[string]string)
	}
	image, err := d.api.Load().ImageInspect(ctx, c.ImageID)
	if cerrdefs.IsNotFound(err) {
		return nil
	}
	if err != nil {
		// What cannot be proved to be ours is somebody else's, until the next look.
		d.log.Warn("the labels of an image are not known", "image", c.ImageID, "error", err)
		return c.Labels
	}
	var labels map[string]string
	if image.Config != nil {
		labels = image.Config.Labels
	}
	d.imageLabels.Store(c.ImageID, labels)
	return labels
}

// labelledContainers returns the containers that carry a label, whoever made them.
func (d *Docker) labelledContainers(ctx context.Context, label, value string) ([]Container, error) {
	list, err := d.api.Load().ContainerList(ctx, container.ListOptions{
		All:     true,
		Filters: filters.NewArgs(filters.Arg("label", label+"="+value)),
	})
	if err != nil {
		return nil, engineError(err)
	}
	var found []Container
	for _, each := range list {
		c, err := d.Inspect(ctx, each.ID)
		if err != nil {
			return nil, err
		}
		if c.Exists {
			found = append(found, c)
		}
	}
	return found, nil
}

// Named implements [Engine].
func (d *Docker) Named(ctx context.Context, runtime string) (map[string]string, error) {
	found, err := d.labelledContainers(ctx, labelRuntime, runtime)
	ids := map[string]string{}
	for _, c := range found {
		if c.ours() {
			ids[c.Name] = c.ID
		}
	}
	return ids, err
}

// Helpers implements [Engine].
func (d *Docker) Helpers(ctx context.Context, runtime string) ([]Helper, error) {
	found, err := d.labelledContainers(ctx, labelHelper, runtime)
	var helpers []Helper
	for _, c := range found {
		if c.helps(runtime) {
			helpers = append(helpers, Helper{Name: c.Name, ID: c.ID, Writes: c.Labels[labelWrites] != ""})
		}
	}
	return helpers, err
}
