package docker

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/go-connections/nat"

	"colabtray/internal/config"
	"colabtray/internal/engine"
)

// Create implements [engine.Engine].
func (d *Engine) Create(ctx context.Context, spec engine.Spec) (made engine.Created, err error) {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	if spec.Volume != "" {
		if made.Volume, err = d.EnsureVolume(ctx, spec); err != nil {
			return made, err
		}
	}
	made.ID, err = d.createContainer(ctx, spec)
	return made, err
}

func (d *Engine) createContainer(ctx context.Context, spec engine.Spec) (id string, err error) {
	if err := d.CheckFolders(ctx, spec.Folders); err != nil {
		return "", err
	}
	gpus, err := d.gpuRequests(ctx, spec.GPU)
	if err != nil {
		return "", err
	}
	wanted, err := platform(spec.Platform)
	if err != nil {
		return "", err
	}
	settings, host := dockerSpec(spec, gpus)
	settings.Env = withProxies(settings.Env, d.api.Load().DaemonHost())
	if host.UsernsMode, err = d.userns(ctx, spec.Volume); err != nil {
		return "", err
	}
	if err := d.handOver(ctx, spec, settings); err != nil {
		return "", err
	}
	if d.podman.Load() && gpus != nil {
		return d.createLibpod(ctx, spec.Name, settings, host, wanted)
	}
	created, err := d.api.Load().ContainerCreate(ctx, settings, host, nil, wanted, spec.Name)
	d.recordWarnings(created.ID, created.Warnings)
	return created.ID, engineError(err)
}

// recordWarnings keeps the engine's warnings about a new container, because the engine
// reports them only once.
func (d *Engine) recordWarnings(id string, warnings []string) {
	if len(warnings) > 0 {
		d.log.Warn("the engine made a container with warnings", "id", id, "warnings", warnings)
		d.createWarnings.Store(id, warnings)
	}
}

// dockerSpec converts a spec to the types of Docker's API.
func dockerSpec(spec engine.Spec, gpus []container.DeviceRequest) (*container.Config, *container.HostConfig) {
	exposed, bindings := nat.PortSet{}, nat.PortMap{}
	jupyter := config.PublishedPort{Host: spec.Port, Container: spec.InnerPort}
	if spec.Gateway {
		jupyter.Host = 0
	}
	for _, p := range append([]config.PublishedPort{jupyter}, spec.Publish...) {
		inner := nat.Port(fmt.Sprintf("%d/tcp", p.Container))
		exposed[inner] = struct{}{}
		binding := nat.PortBinding{HostIP: "127.0.0.1"}
		if p.Host != 0 { // else any that is free
			binding.HostPort = strconv.Itoa(p.Host)
		}
		bindings[inner] = []nat.PortBinding{binding}
	}
	mounts := volumeMounts(spec)
	for _, f := range spec.Folders {
		mounts = append(mounts, mount.Mount{Type: mount.TypeBind, Source: f.Host, Target: f.Path, ReadOnly: f.ReadOnly})
	}
	var env []string
	for _, v := range spec.Env {
		env = append(env, v.Name+"="+v.Value.Reveal())
	}
	settings := &container.Config{
		Hostname:     spec.Hostname,
		Image:        spec.Image,
		Entrypoint:   spec.Entrypoint,
		Cmd:          spec.Cmd,
		WorkingDir:   spec.WorkDir,
		Env:          env,
		Labels:       engine.WithUniqueLabel(spec.Labels),
		ExposedPorts: exposed,
		User:         spec.User,
	}
	host := &container.HostConfig{
		PortBindings: bindings,
		Mounts:       mounts,
		ShmSize:      spec.ShmSize,
		Resources:    container.Resources{Memory: spec.Memory, NanoCPUs: int64(spec.CPUs * 1e9), DeviceRequests: gpus},
	}
	return settings, host
}

// CheckFolders implements [engine.FolderChecker]. Docker reports on this computer what
// does not exist itself, with the same message, but Podman creates the folder.
func (d *Engine) CheckFolders(ctx context.Context, folders []config.Folder) error {
	if b := d.boxes.now(); b != nil {
		return b.checkFolders(ctx, folders, d.Which().Kind)
	}
	if !d.Which().Local || !d.podman.Load() {
		return nil
	}
	for _, f := range folders {
		if _, err := os.Stat(f.Host); errors.Is(err, fs.ErrNotExist) {
			return noFolderError(f)
		}
	}
	return nil
}

// volumeMounts returns the mounts of the data volume. An engine fills an empty volume
// with the image's files at a mount. All mounts but the first have NoCopy, so that the
// result is the same with every engine.
func volumeMounts(spec engine.Spec) []mount.Mount {
	targets := spec.Mounts
	if len(targets) == 0 {
		targets = []string{spec.DataDir}
	}
	var mounts []mount.Mount
	for i, target := range targets {
		m := mount.Mount{Type: mount.TypeVolume, Source: spec.Volume, Target: target}
		if i > 0 {
			m.VolumeOptions = &mount.VolumeOptions{NoCopy: true}
		}
		mounts = append(mounts, m)
	}
	return mounts
}
