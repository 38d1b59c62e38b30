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

// Create implements [Engine].
func (d *Engine) Create(ctx context.Context, spec engine.Spec) (made engine.Created, err error) {
	if spec.Volume != "" {
		if made.Volume, err = d.EnsureVolume(ctx, spec); err != nil {
			return made, err
		}
	}
	made.ID, err = d.createContainer(ctx, spec)
	return made, err
}

func (d *Engine) createContainer(ctx context.Context, spec engine.Spec) (id string, err error) {
	if err := d.haveFolders(spec.Folders); err != nil {
		return "", err
	}
	gpus, err := d.gpuRequests(ctx, spec.GPU)
	if err != nil {
		return "", err
	}
	on, err := platform(spec.Platform)
	if err != nil {
		return "", err
	}
	made, host := dockerSpec(spec, gpus)
	made.Env = withProxies(made.Env, d.api.Load().DaemonHost())
	if host.UsernsMode, err = d.userns(ctx, spec.Volume); err != nil {
		return "", err
	}
	if d.podman.Load() && gpus != nil {
		return d.createLibpod(ctx, spec.Name, made, host, on)
	}
	created, err := d.api.Load().ContainerCreate(ctx, made, host, nil, on, spec.Name)
	d.recordWarnings(created.ID, created.Warnings)
	return created.ID, engineError(err)
}

// recordWarnings keeps what the engine had to say when it made a container: it says it
// once.
func (d *Engine) recordWarnings(id string, warnings []string) {
	if len(warnings) > 0 {
		d.log.Warn("the engine made a container", "id", id, "warnings", warnings)
		d.createWarnings.Store(id, warnings)
	}
}

// dockerSpec says in Docker's words what a container is made from.
func dockerSpec(spec engine.Spec, gpus []container.DeviceRequest) (*container.Config, *container.HostConfig) {
	inner := nat.Port(fmt.Sprintf("%d/tcp", spec.InnerPort))
	mounts := volumeMounts(spec)
	for _, f := range spec.Folders {
		mounts = append(mounts, mount.Mount{Type: mount.TypeBind, Source: f.Host, Target: f.Path, ReadOnly: f.ReadOnly})
	}
	var env []string
	for _, v := range spec.Env {
		env = append(env, v.Name+"="+v.Value.Reveal())
	}
	made := &container.Config{
		Hostname:     spec.Hostname,
		Image:        spec.Image,
		Entrypoint:   spec.Entrypoint,
		Cmd:          spec.Cmd,
		WorkingDir:   spec.WorkDir,
		Env:          env,
		Labels:       engine.WithUniqueLabel(spec.Labels),
		ExposedPorts: nat.PortSet{inner: {}},
		User:         spec.User,
	}
	host := &container.HostConfig{
		PortBindings: nat.PortMap{inner: {{HostIP: "127.0.0.1", HostPort: strconv.Itoa(spec.Port)}}},
		Mounts:       mounts,
		ShmSize:      spec.ShmSize,
		Resources:    container.Resources{Memory: spec.Memory, NanoCPUs: int64(spec.CPUs * 1e9), DeviceRequests: gpus},
	}
	return made, host
}

// haveFolders reports a folder that is not there. Docker does so itself, in these
// words, but Podman makes it.
func (d *Engine) haveFolders(folders []config.Folder) error {
	if !d.podman.Load() || !d.Which().Local {
		return nil
	}
	for _, f := range folders {
		if _, err := os.Stat(f.Host); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%w: %sbind source path does not exist: %s", engine.ErrNoFolder, engine.DaemonPrefix, f.Host)
		}
	}
	return nil
}

// volumeMounts are the mounts of the data volume. An empty volume gets what the
// image has at the first place alone, so that it does not depend on the engine
// which one it is.
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
