package docker

import (
	"cmp"
	"context"
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/go-connections/nat"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/i18n"
)

// Inspect implements [engine.Engine].
func (d *Engine) Inspect(ctx context.Context, name string) (engine.Container, error) {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	r, err := d.api.Load().ContainerInspect(ctx, name)
	if isNotFound(err) {
		return engine.Container{Name: name}, nil
	}
	if err != nil {
		return engine.Container{}, engineError(err)
	}
	if r.ContainerJSONBase == nil || r.State == nil || r.Config == nil {
		return engine.Container{}, errors.New(i18n.T("problem.incompleteContainer"))
	}
	c := engine.Container{
		Exists:    true,
		Name:      strings.TrimPrefix(r.Name, "/"),
		ID:        r.ID,
		Image:     shortImageName(r.Config.Image),
		ImageID:   r.Image,
		Running:   r.State.Running || r.State.Paused,
		Paused:    r.State.Paused,
		MadeAt:    engineTime(r.Created),
		StartedAt: engineTime(r.State.StartedAt),
		EndedAt:   engineTime(r.State.FinishedAt),
		ExitCode:  r.State.ExitCode,
		OOMKilled: ranOutOfMemory(r.State),
		Labels:    r.Config.Labels,
		User:      r.Config.User,
		WorkDir:   r.Config.WorkingDir,
		Cmd:       slices.Concat(r.Config.Entrypoint, r.Config.Cmd),
		Env:       r.Config.Env,
		TTY:       r.Config.Tty,
	}
	c.Unhealthy = r.State.Health != nil && r.State.Health.Status == container.Unhealthy
	recordPorts(&c, r)
	c.Mounts = mountsOf(r.Mounts)
	c.Effective = effective(r)
	c.Effective.Denied = d.denied(c)
	if warnings, found := d.createWarnings.Load(r.ID); found {
		c.Effective.CreateWarnings = warnings.([]string)
	}
	if r.HostConfig != nil {
		c.Network, c.LogDriver = string(r.HostConfig.NetworkMode), r.HostConfig.LogConfig.Type
	}
	c.LabelsOfImage = d.labelsOfImage(ctx, c)
	return c, nil
}

// shortImageName shortens the name of an image to the form that people and Docker use.
// Podman reports the full name.
func shortImageName(image string) string {
	hub, found := strings.CutPrefix(image, "docker.io/")
	if !found {
		return image
	}
	return strings.TrimPrefix(hub, "library/")
}

// engineTime parses a time of the engine, which uses year 1 for never.
func engineTime(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.Year() <= 1 {
		return time.Time{}
	}
	return t.UTC()
}

// recordPorts records where the container's TCP ports are published.
func recordPorts(c *engine.Container, r container.InspectResponse) {
	bindings := nat.PortMap{}
	if r.HostConfig != nil {
		bindings = r.HostConfig.PortBindings
		if r.HostConfig.NetworkMode.IsHost() {
			c.HostNetwork, c.Ports = true, map[int]int{8888: 8888, 8080: 8080}
			return
		}
	}
	if r.NetworkSettings != nil && len(r.NetworkSettings.Ports) > 0 {
		bindings = r.NetworkSettings.Ports
	}
	c.Ports, c.Addresses = map[int]int{}, map[int][]netip.AddrPort{}
	for inner, published := range bindings {
		if inner.Proto() != "tcp" {
			continue
		}
		for _, b := range published {
			port, err := strconv.ParseUint(b.HostPort, 10, 16)
			if err != nil || port == 0 {
				continue
			}
			for _, ip := range hostAddresses(b.HostIP) {
				c.Addresses[inner.Int()] = append(c.Addresses[inner.Int()], netip.AddrPortFrom(ip, uint16(port)))
			}
			if b.HostIP == "" || b.HostIP == "0.0.0.0" || b.HostIP == "127.0.0.1" {
				c.Ports[inner.Int()] = int(port)
			}
		}
	}
	for _, addresses := range c.Addresses {
		slices.SortFunc(addresses, netip.AddrPort.Compare)
	}
}

// hostAddresses returns the host addresses at which a port is published. Without an
// address these are all. An address that cannot be parsed may be any, so it counts as
// all.
func hostAddresses(text string) []netip.Addr {
	ip, err := netip.ParseAddr(text)
	switch {
	case text == "":
		return []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()}
	case err != nil:
		return []netip.Addr{netip.IPv4Unspecified()}
	default:
		return []netip.Addr{ip.Unmap()}
	}
}

// mountsOf returns the volumes and folders that a container mounts.
func mountsOf(points []container.MountPoint) []engine.Mount {
	var mounts []engine.Mount
	for _, m := range points {
		switch m.Type {
		case mount.TypeVolume:
			mounts = append(mounts, engine.Mount{Volume: cmp.Or(m.Name, m.Source), Target: m.Destination})
		case mount.TypeBind:
			mounts = append(mounts, engine.Mount{Target: m.Destination})
		}
	}
	return mounts
}

// effective reads from an inspection what the container was given.
func effective(r container.InspectResponse) (g engine.Effective) {
	if h := r.HostConfig; h != nil {
		g.Mapped = h.UsernsMode == "private" // Podman's value for any mapping
		g.Memory, g.CPUs, g.ShmSize = h.Memory, float64(h.NanoCPUs)/1e9, h.ShmSize
		if g.CPUs == 0 && h.CPUPeriod > 0 {
			g.CPUs = float64(h.CPUQuota) / float64(h.CPUPeriod)
		}
	}
	for _, m := range r.Mounts {
		if m.Type == mount.TypeBind {
			g.Folders = append(g.Folders, config.Folder{Host: m.Source, Path: m.Destination, ReadOnly: !m.RW})
		}
	}
	return g
}

// Changed implements [engine.Differ].
func (d *Engine) Changed(ctx context.Context, id string) (added, changed []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	list, err := d.api.Load().ContainerDiff(ctx, id)
	for _, c := range list {
		switch c.Kind {
		case container.ChangeAdd:
			added = append(added, c.Path)
		case container.ChangeModify:
			changed = append(changed, c.Path)
		}
	}
	return added, changed, engineError(err)
}

// ranOutOfMemory reports whether the kernel ended a container for want of memory. Engines
// keep it of each process in the container, as of the kernel of a notebook, whatever the
// container itself ended of.
func ranOutOfMemory(s *container.State) bool {
	const killed = 128 + 9 // by SIGKILL
	return s.OOMKilled && !s.Running && s.ExitCode == killed
}
