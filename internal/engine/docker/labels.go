package docker

import (
	"context"

	"colabtray/internal/engine"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
)

// labelsOfImage returns the labels of the image that a container was made from. An ID
// always means the same image, so each image is inspected once.
func (d *Engine) labelsOfImage(ctx context.Context, c engine.Container) map[string]string {
	if c.Labels[engine.LabelRuntime] == "" && c.Labels[engine.LabelHelper] == "" {
		return nil
	}
	if known, found := d.imageLabels.Load(c.ImageID); found {
		return known.(map[string]string)
	}
	image, err := d.api.Load().ImageInspect(ctx, c.ImageID)
	if isNotFound(err) {
		return nil
	}
	if err != nil {
		// With the labels of its image unknown, the container counts as somebody else's
		// until the next inspection.
		d.log.Warn("cannot read the labels of an image", "image", c.ImageID, "error", err)
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
func (d *Engine) labelledContainers(ctx context.Context, label, value string) ([]engine.Container, error) {
	list, err := d.api.Load().ContainerList(ctx, container.ListOptions{
		All:     true,
		Filters: filters.NewArgs(filters.Arg("label", label+"="+value)),
	})
	if err != nil {
		return nil, engineError(err)
	}
	var found []engine.Container
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

// Named implements [engine.Replacer].
func (d *Engine) Named(ctx context.Context, runtime string) (map[string]string, error) {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	found, err := d.labelledContainers(ctx, engine.LabelRuntime, runtime)
	ids := map[string]string{}
	for _, c := range found {
		if c.Ours() {
			ids[c.Name] = c.ID
		}
	}
	return ids, err
}

// Helpers implements [engine.Volumes].
func (d *Engine) Helpers(ctx context.Context, runtime string) ([]engine.Helper, error) {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	found, err := d.labelledContainers(ctx, engine.LabelHelper, runtime)
	var helpers []engine.Helper
	for _, c := range found {
		if c.IsHelperOf(runtime) {
			helpers = append(helpers, engine.Helper{Name: c.Name, ID: c.ID, Writes: c.Labels[engine.LabelWrites] != ""})
		}
	}
	return helpers, err
}
