package runtime

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http/httptrace"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/containerd/platforms"
	dockerendpoint "github.com/docker/cli/cli/context/docker"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/versions"
	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/client"
	"github.com/docker/docker/pkg/stdcopy"
	"github.com/docker/go-connections/nat"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"colabtray/internal/config"
	"colabtray/internal/words"
)

// Docker is an [Engine] that speaks Docker's API, as Docker and Podman offer it.
type Docker struct {
	finder *finder // nil when the address is given
	log    *slog.Logger
	// helperPatience is how long a credential helper may take. Some ask a person
	// to unlock a key ring; one that does not answer means an anonymous pull.
	helperPatience time.Duration

	which  atomic.Pointer[EngineInfo]
	api    atomic.Pointer[client.Client]
	podman atomic.Bool // it is no Docker

	mapsUsers atomic.Bool // see mapped.go

	said        sync.Map // what it said when it made a container, by the ID
	imageLabels sync.Map // of images of which it was asked, by ID
}

var _ Engine = (*Docker)(nil)

// NewDocker makes an engine of an address such as "unix:///var/run/docker.sock".
// When host is empty the engine is looked for at each [Docker.Ping]: where the
// docker command finds it, which is at DOCKER_HOST or that of a docker context,
// or else where other engines have their sockets. It does not connect yet.
func NewDocker(host string) (*Docker, error) {
	if host == "" {
		return newFound(newFinder()), nil
	}
	d := newDocker(nil)
	p := place{host: host}
	api, err := p.client()
	if err != nil {
		return nil, fmt.Errorf("engine's address: %w", err)
	}
	d.use(api, p.guess())
	return d, nil
}

func newDocker(f *finder) *Docker {
	return &Docker{finder: f, log: slog.New(slog.DiscardHandler), helperPatience: 15 * time.Second}
}

// newFound makes an engine that the finder finds. Until it has, requests go to
// the first place where it may be, if any.
func newFound(f *finder) *Docker {
	d := newDocker(f)
	var p place
	candidates, err := f.candidates()
	if err == nil {
		p = candidates[0]
		var api *client.Client
		if api, err = p.client(); err == nil {
			d.use(api, p.guess())
			return d
		}
		err = addressProblem(p, err)
	}
	d.use(nowhere(err), p.guess())
	return d
}

// LogTo makes the engine tell in a log what it got along without.
func (d *Docker) LogTo(log *slog.Logger) { d.log = log }

// endpoint is the place with what belongs to it for TLS, read afresh.
func (p place) endpoint() (dockerendpoint.Endpoint, error) {
	switch {
	case p.fromEnv:
		return endpointOfEnv(p.host)
	case p.context != "":
		meta, err := contextEndpoint(p.context)
		if err != nil {
			return dockerendpoint.Endpoint{}, err
		}
		meta.Host = p.host
		return dockerendpoint.WithTLSData(contexts(), p.context, meta)
	}
	return dockerendpoint.Endpoint{EndpointMeta: dockerendpoint.EndpointMeta{Host: p.host}}, nil
}

// client makes a client for the place, as the docker command does.
func (p place) client() (*client.Client, error) {
	e, err := p.endpoint()
	if err != nil {
		return nil, err
	}
	options, err := e.ClientOpts()
	if err != nil {
		return nil, err
	}
	// The last two are about the version, where DOCKER_API_VERSION would disable
	// its negotiation.
	options = append(options[:len(options)-2], client.WithAPIVersionNegotiation(), client.WithUserAgent("colab-tray"))
	if docker, _ := readDockerConfig(); len(docker.HTTPHeaders) > 0 {
		options = append(options, client.WithHTTPHeaders(docker.HTTPHeaders))
	}
	return client.NewClientWithOpts(options...)
}

// nowhere makes a client whose every request fails with err.
func nowhere(err error) *client.Client {
	api, _ := client.NewClientWithOpts(client.WithDialContext(func(context.Context, string, string) (net.Conn, error) {
		return nil, err
	})) // without an address nothing can be wrong with it
	return api
}

// use makes an engine the one that is asked from now on. What is idle of the
// connections to the one before is closed; requests under way go on.
func (d *Docker) use(api *client.Client, info EngineInfo) {
	d.podman.Store(info.Name == "Podman")
	d.which.Store(&info)
	if before := d.api.Swap(api); before != nil {
		_ = before.Close()
	}
}

// Which implements [Engine].
func (d *Docker) Which() EngineInfo { return *d.which.Load() }

// Host implements [Engine].
func (d *Docker) Host() string { return d.Which().Host }

// CLI implements [Engine].
func (d *Docker) CLI() string { return d.Which().CLI }

// Close lets go of the connections to the engine.
func (d *Docker) Close() error { return d.api.Load().Close() }

// Ping asks who the engine is, and looks for it first when its address is not
// given. A client only ever negotiates its version downwards, so each Ping
// begins with a new one: the engine may have been upgraded.
func (d *Docker) Ping(ctx context.Context) (EngineInfo, error) {
	if d.finder == nil {
		return d.try(ctx, place{host: d.Host()})
	}
	candidates, err := d.finder.candidates()
	if err != nil {
		return EngineInfo{}, err
	}
	var first error
	var barred string
	for _, p := range candidates {
		patience := pingTimeout
		if p.found != "default" {
			patience /= time.Duration(len(candidates))
		}
		trying, cancel := context.WithTimeout(ctx, patience)
		info, err := d.try(trying, p)
		cancel()
		if err == nil {
			d.finder.answered(p)
			info.Barred = cmp.Or(barred, info.Barred)
			d.which.Store(&info)
			return info, nil
		}
		if first == nil {
			first = err
		}
		if p.found == "default" {
			// The docker command would ask it, and no other, unless it may not.
			if !errors.Is(err, ErrPermission) {
				break
			}
			barred = p.host
		}
	}
	d.finder.silent()
	if d.Host() != candidates[0].host {
		guess := candidates[0].guess()
		d.which.Store(&guess)
	}
	return EngineInfo{}, first
}

// try asks whether there is an engine at p, and uses it if so.
func (d *Docker) try(ctx context.Context, p place) (EngineInfo, error) {
	api, err := p.client()
	if err != nil {
		return EngineInfo{}, addressProblem(p, err)
	}
	var connected atomic.Bool
	info, err := identity(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		ConnectDone: func(_, _ string, err error) { connected.Store(connected.Load() || err == nil) },
		GotConn:     func(httptrace.GotConnInfo) { connected.Store(true) }, // also by a pipe of Windows
	}), api)
	if err != nil {
		_ = api.Close()
		switch {
		case errors.Is(err, context.DeadlineExceeded) && !connected.Load():
			return EngineInfo{}, fmt.Errorf("%w: %w", ErrUnreachable, err)
		case noConnection(err) && connected.Load():
			return EngineInfo{}, fmt.Errorf("%w: %w", errHangsUp, err)
		}
		return EngineInfo{}, engineError(err)
	}
	info.Found = p.found
	info.CLI = p.cli(info.Name == "Podman")
	if before := d.Which(); before.Host == info.Host {
		info.Barred = before.Barred // the one in use is asked first
	}
	d.use(api, info)
	if info.Name == "Podman" {
		if info.MapsUsers, err = d.askMapping(ctx); err != nil {
			d.log.Warn("whether Podman maps users", "error", err)
		}
	}
	d.mapsUsers.Store(info.MapsUsers)
	return info, nil
}

// oldestAPI is that of Docker 19.03.
const oldestAPI = "1.40"

// identity asks who the engine is.
func identity(ctx context.Context, api *client.Client) (EngineInfo, error) {
	ping, err := api.Ping(ctx)
	if err != nil {
		return EngineInfo{}, err
	}
	if ping.APIVersion == "" {
		return EngineInfo{}, errors.New(words.Say("problem.noVersion"))
	}
	api.NegotiateAPIVersionPing(ping)
	if versions.LessThan(api.ClientVersion(), oldestAPI) {
		return EngineInfo{}, fmt.Errorf("%w: its API is %s", ErrTooOld, api.ClientVersion())
	}
	version, err := api.ServerVersion(ctx)
	if err != nil {
		return EngineInfo{}, err
	}
	info := EngineInfo{Name: "Docker", Version: version.Version, API: api.ClientVersion(), Arch: version.Arch, Host: api.DaemonHost()}
	for _, c := range version.Components {
		if strings.Contains(c.Name, "Podman") {
			info.Name = "Podman"
		}
	}
	return info, nil
}

// noConnection reports whether the engine could not be asked at all.
func noConnection(err error) bool { return client.IsErrConnectionFailed(err) }

// eventActions are the changes that can matter to a runtime. Above all they
// leave out the exec events that every health check makes.
var eventActions = []events.Action{
	events.ActionCreate, events.ActionStart, events.ActionDie, events.ActionStop, events.ActionKill,
	events.ActionOOM, events.ActionDestroy, events.ActionRename, events.ActionPause,
	events.ActionUnPause, events.ActionHealthStatus,
	"died", "remove", // what Podman means by die and destroy, though it says die
}

// Events implements [Engine].
func (d *Docker) Events(ctx context.Context, names []string, opened func(), event func(ContainerEvent)) error {
	filter := filters.NewArgs(filters.Arg("type", string(events.ContainerEventType)))
	for _, name := range names {
		filter.Add("container", name)
	}
	for _, action := range eventActions {
		filter.Add("event", string(action))
	}
	messages, errs := d.api.Load().Events(ctx, events.ListOptions{Filters: filter})
	select {
	case err := <-errs:
		return engineError(err)
	default:
		opened()
	}
	for {
		select {
		case m := <-messages:
			if d.podman.Load() && m.Action == events.ActionDie && d.endedBySignal(ctx, m.Actor) {
				event(ContainerEvent{Container: m.Actor.Attributes["name"], Action: string(events.ActionKill)})
			}
			event(ContainerEvent{Container: m.Actor.Attributes["name"], Action: string(m.Action)})
		case err := <-errs:
			return engineError(err)
		}
	}
}

// endedBySignal reports whether a container ended because of a signal that its
// kernel did not send for want of memory. Podman, unlike Docker, does not tell
// that somebody stops a container.
func (d *Docker) endedBySignal(ctx context.Context, of events.Actor) bool {
	switch cmp.Or(of.Attributes["exitCode"], of.Attributes["containerExitCode"]) {
	case "130", "143":
		return true
	case "137":
		c, err := d.Inspect(ctx, of.ID)
		return err != nil || !c.OOMKilled
	}
	return false
}

// Inspect implements [Engine].
func (d *Docker) Inspect(ctx context.Context, name string) (Container, error) {
	r, err := d.api.Load().ContainerInspect(ctx, name)
	if cerrdefs.IsNotFound(err) {
		return Container{Name: name}, nil
	}
	if err != nil {
		return Container{}, engineError(err)
	}
	if r.ContainerJSONBase == nil || r.State == nil || r.Config == nil {
		return Container{}, errors.New(words.Say("problem.incompleteContainer"))
	}
	c := Container{
		Exists:    true,
		Name:      strings.TrimPrefix(r.Name, "/"),
		ID:        r.ID,
		Image:     familiar(r.Config.Image),
		ImageID:   r.Image,
		Running:   r.State.Running || r.State.Paused,
		Paused:    r.State.Paused,
		StartedAt: engineTime(r.State.StartedAt),
		EndedAt:   engineTime(r.State.FinishedAt),
		ExitCode:  r.State.ExitCode,
		OOMKilled: r.State.OOMKilled,
		Labels:    r.Config.Labels,
		User:      r.Config.User,
		WorkDir:   r.Config.WorkingDir,
		Cmd:       slices.Concat(r.Config.Entrypoint, r.Config.Cmd),
		Env:       r.Config.Env,
		TTY:       r.Config.Tty,
	}
	c.Unhealthy = r.State.Health != nil && r.State.Health.Status == container.Unhealthy
	c.takePorts(r)
	c.Mounts = mountsOf(r.Mounts)
	c.Given = given(r)
	if said, is := d.said.Load(r.ID); is {
		c.Given.Said = said.([]string)
	}
	if r.HostConfig != nil {
		c.Network, c.LogDriver = string(r.HostConfig.NetworkMode), r.HostConfig.LogConfig.Type
	}
	c.Inherited = d.inherited(ctx, c)
	return c, nil
}

// familiar shortens the name of an image to how people and Docker write it; Podman
// has it in full.
func familiar(image string) string {
	hub, found := strings.CutPrefix(image, "docker.io/")
	if !found {
		return image
	}
	return strings.TrimPrefix(hub, "library/")
}

// engineTime reads a time of the engine, which says year 1 for never.
func engineTime(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.Year() <= 1 {
		return time.Time{}
	}
	return t.UTC()
}

// takePorts notes where the TCP ports in the container are published.
func (c *Container) takePorts(r container.InspectResponse) {
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

// hostAddresses reads where a port is published: without an address at all of
// them, and one that is not understood may be any.
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

// Create implements [Engine].
func (d *Docker) Create(ctx context.Context, spec Spec) (string, error) {
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
	d.heard(created.ID, created.Warnings)
	return created.ID, engineError(err)
}

// heard keeps what the engine had to say when it made a container: it says it
// once.
func (d *Docker) heard(id string, warnings []string) {
	if len(warnings) > 0 {
		d.log.Warn("the engine made a container", "id", id, "warnings", warnings)
		d.said.Store(id, warnings)
	}
}

// dockerSpec says in Docker's words what a container is made from.
func dockerSpec(spec Spec, gpus []container.DeviceRequest) (*container.Config, *container.HostConfig) {
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
		Labels:       marked(spec.Labels),
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
func (d *Docker) haveFolders(folders []config.Folder) error {
	if !d.podman.Load() || !strings.HasPrefix(d.Host(), "unix://") {
		return nil
	}
	for _, f := range folders {
		if _, err := os.Stat(f.Host); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%w: %sbind source path does not exist: %s", ErrNoFolder, fromEngine, f.Host)
		}
	}
	return nil
}

// gpuRequests asks for GPUs in the way that this engine understands.
func (d *Docker) gpuRequests(ctx context.Context, g config.GPU) ([]container.DeviceRequest, error) {
	if g.None() || d.podman.Load() {
		return gpuRequests(g, true), nil
	}
	api := d.api.Load()
	info, err := api.Info(ctx)
	if err != nil {
		return nil, engineError(err)
	}
	return gpuRequests(g, wantsCDI(info, versions.GreaterThanOrEqualTo(api.ClientVersion(), "1.50"))), nil
}

// Kind implements [Engine].
func (d *Docker) Kind(ctx context.Context) (EngineKind, error) {
	info, err := d.api.Load().Info(ctx)
	return kindOf(info, d.podman.Load()), engineError(err)
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
		return nil, fmt.Errorf("%w: %w", ErrPlatform, err)
	}
	return &p, nil
}

// CopyTo implements [Engine]. The files are owned by root and readable by all.
func (d *Docker) CopyTo(ctx context.Context, id string, files fs.FS) error {
	archive, err := tarOf(files)
	if err != nil {
		return err
	}
	return engineError(d.api.Load().CopyToContainer(ctx, id, "/", archive, container.CopyToContainerOptions{}))
}

// Modified implements [Engine].
func (d *Docker) Modified(ctx context.Context, id, path string) (time.Time, error) {
	stat, err := d.api.Load().ContainerStatPath(ctx, id, path)
	return stat.Mtime, engineError(err)
}

// Start implements [Engine].
func (d *Docker) Start(ctx context.Context, id string) error {
	return engineError(d.api.Load().ContainerStart(ctx, id, container.StartOptions{}))
}

// Unpause implements [Engine].
func (d *Docker) Unpause(ctx context.Context, id string) error {
	return engineError(d.api.Load().ContainerUnpause(ctx, id))
}

// Stop implements [Engine].
func (d *Docker) Stop(ctx context.Context, id string, grace time.Duration) error {
	seconds := int(grace.Seconds())
	return engineError(d.api.Load().ContainerStop(ctx, id, container.StopOptions{Timeout: &seconds}))
}

// Remove implements [Engine]. Volumes stay.
func (d *Docker) Remove(ctx context.Context, id string) error {
	return engineError(d.api.Load().ContainerRemove(ctx, id, container.RemoveOptions{}))
}

// Rename implements [Engine].
func (d *Docker) Rename(ctx context.Context, id, name string) error {
	return engineError(d.api.Load().ContainerRename(ctx, id, name))
}

// Wait implements [Engine].
func (d *Docker) Wait(ctx context.Context, id string) error {
	ended, errs := d.api.Load().ContainerWait(ctx, id, container.WaitConditionNotRunning)
	select {
	case <-ended:
		return nil
	case err := <-errs:
		return engineError(err)
	}
}

// Logs implements [Engine].
func (d *Docker) Logs(ctx context.Context, c Container, q LogQuery) (io.ReadCloser, error) {
	options := container.LogsOptions{ShowStdout: true, ShowStderr: true, Follow: q.Follow, Tail: "all"}
	if q.Tail >= 0 {
		options.Tail = strconv.Itoa(q.Tail)
	}
	if !q.Since.IsZero() {
		options.Since = q.Since.Format(time.RFC3339Nano)
	}
	stream, err := d.api.Load().ContainerLogs(ctx, c.ID, options)
	if err != nil {
		return nil, engineError(err)
	}
	if c.TTY {
		return stream, nil
	}
	return demultiplexed(stream), nil
}

// demultiplexed joins stdout and stderr of a container without a terminal.
func demultiplexed(stream io.ReadCloser) io.ReadCloser {
	r, w := io.Pipe()
	go func() {
		_, err := stdcopy.StdCopy(w, w, stream)
		w.CloseWithError(err)
	}()
	return struct {
		io.Reader
		io.Closer
	}{r, closers{stream, r}}
}

// closers closes several things in order.
type closers []io.Closer

func (cs closers) Close() error {
	var errs []error
	for _, c := range cs {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// Archive implements [Engine].
func (d *Docker) Archive(ctx context.Context, id, path string) (io.ReadCloser, error) {
	r, _, err := d.api.Load().CopyFromContainer(ctx, id, path)
	return r, engineError(err)
}

// PublishedBy implements [Engine].
func (d *Docker) PublishedBy(ctx context.Context, port int) ([]string, error) {
	list, err := d.api.Load().ContainerList(ctx, container.ListOptions{}) // Podman has no filter for ports
	if err != nil {
		return nil, engineError(err)
	}
	var names []string
	for _, c := range list {
		if !slices.ContainsFunc(c.Ports, func(p container.Port) bool { return int(p.PublicPort) == port }) {
			continue
		}
		for _, name := range c.Names {
			names = append(names, strings.TrimPrefix(name, "/"))
		}
	}
	return names, nil
}

// ImageID implements [Engine].
func (d *Docker) ImageID(ctx context.Context, ref, wanted string) (string, error) {
	found, err := d.api.Load().ImageInspect(ctx, ref)
	if cerrdefs.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", engineError(err)
	}
	on, err := platform(wanted)
	if on != nil && (on.OS != found.Os || on.Architecture != found.Architecture) {
		return "", nil
	}
	return found.ID, err
}

// IsLocal implements [Engine]. An image that came from a registry has a digest
// there; Podman gives one, of the registry localhost, to what it made itself.
func (d *Docker) IsLocal(ctx context.Context, ref string) (bool, error) {
	found, err := d.api.Load().ImageInspect(ctx, ref)
	if err != nil {
		return false, engineError(err)
	}
	return !slices.ContainsFunc(found.RepoDigests, func(digest string) bool { return !strings.HasPrefix(digest, "localhost/") }), nil
}

// Tag implements [Engine].
func (d *Docker) Tag(ctx context.Context, id, name string) error {
	return engineError(d.api.Load().ImageTag(ctx, id, name))
}

// Untag implements [Engine]. An image that was pulled has a digest besides, with
// which Docker keeps it.
func (d *Docker) Untag(ctx context.Context, name string) error {
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
func (d *Docker) Pull(ctx context.Context, ref, wanted string, progress func(Progress)) error {
	auth, err := imageCredentials(ctx, ref, d.helperPatience)
	if err != nil {
		d.log.Warn("the image is pulled without credentials", "image", ref, "error", err)
	}
	if err := d.pull(ctx, ref, wanted, auth, progress); auth == "" || !errors.Is(err, ErrImageNotFound) {
		return err
	}
	d.log.Warn("the credentials were refused; the image is pulled without", "image", ref)
	return d.pull(ctx, ref, wanted, "", progress)
}

func (d *Docker) pull(ctx context.Context, ref, wanted, auth string, progress func(Progress)) error {
	stream, err := d.api.Load().ImagePull(ctx, ref, image.PullOptions{Platform: platformName(wanted), RegistryAuth: auth})
	if err != nil {
		return pullError(err)
	}
	defer stream.Close()
	return pullError(readPull(stream, d.podman.Load(), progress))
}

// EnsureVolume implements [Engine].
func (d *Docker) EnsureVolume(ctx context.Context, name string, labels map[string]string) (bool, error) {
	_, err := d.api.Load().VolumeInspect(ctx, name)
	if err == nil || !cerrdefs.IsNotFound(err) {
		return false, engineError(err)
	}
	_, err = d.api.Load().VolumeCreate(ctx, volume.CreateOptions{Name: name, Labels: labels})
	return err == nil, engineError(err)
}

// RemoveVolume implements [Engine].
func (d *Docker) RemoveVolume(ctx context.Context, name string) error {
	return engineError(d.api.Load().VolumeRemove(ctx, name, false))
}
