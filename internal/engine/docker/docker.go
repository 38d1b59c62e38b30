package docker

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
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	dockerendpoint "github.com/docker/cli/cli/context/docker"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/versions"
	"github.com/docker/docker/client"
	"github.com/docker/docker/pkg/stdcopy"

	"colabtray/internal/engine"
	"colabtray/internal/i18n"
	"colabtray/internal/tunnel"
)

// apiClient is the library's client, which this file alone makes.
type apiClient = client.Client

// Engine is an [engine.Engine] that speaks Docker's API, which Docker and Podman offer.
type Engine struct {
	finder *finder  // nil when the address is given
	given  endpoint // else
	log    *slog.Logger
	// helperPatience is how long a credential helper may take. Some helpers ask the
	// user to unlock a key ring. A helper that does not answer in time means an
	// anonymous pull.
	helperPatience time.Duration

	which  atomic.Pointer[engine.Info]
	api    atomic.Pointer[client.Client]
	boxes  boxes       // where the engine is, if it is reached over ssh
	podman atomic.Bool // the engine is Podman

	mapsUsers atomic.Bool // see usermapping.go

	createWarnings sync.Map // container ID to the warnings at its creation
	imageLabels    sync.Map // image ID to labels
}

var (
	_ engine.Engine   = (*Engine)(nil)
	_ engine.Finder   = (*Engine)(nil)
	_ engine.Replacer = (*Engine)(nil)
	_ engine.Tagger   = (*Engine)(nil)
	_ engine.Differ   = (*Engine)(nil)
	_ engine.Meter    = (*Engine)(nil)
	_ engine.Executor = (*Engine)(nil)
	_ engine.Attacher = (*Engine)(nil)
	_ engine.Ports    = (*Engine)(nil)
	_ engine.Volumes  = (*Engine)(nil)

	_ engine.Connection    = (*Engine)(nil)
	_ engine.Remote        = (*Engine)(nil)
	_ engine.FolderChecker = (*Engine)(nil)
	_ engine.Mountpoints   = (*Engine)(nil)
	_ engine.RemoteImages  = (*Engine)(nil)
)

// answerTime is how long an engine may take to identify itself.
const answerTime = 15 * time.Second

// New makes an engine for an address such as "unix:///var/run/docker.sock". When host
// is empty, each [Engine.Connect] looks for the engine: where the docker command finds
// it, which is DOCKER_HOST or a docker context, or else at the sockets of other
// engines. New does not connect.
func New(host string) (*Engine, error) {
	if host == "" {
		return newFound(newFinder()), nil
	}
	d := newGiven(endpoint{host: host})
	return d, d.begin(d.given)
}

// Open makes the engine at the address of a profile's setting, as New does. An address
// that cannot be used is told by [Engine.Connect].
func Open(address string, log *slog.Logger) *Engine {
	if address == "" {
		d := newFound(newFinder())
		d.log = log
		return d
	}
	d := newGiven(endpoint{host: address, found: engine.FoundInSetting})
	d.log = log
	if err := d.begin(d.given); err != nil {
		d.switchTo(failingClient(addressProblem(d.given, err)), d.given.infoBeforeAnswer())
	}
	return d
}

// newGiven makes an engine at one endpoint.
func newGiven(p endpoint) *Engine {
	d := newDocker(nil)
	d.given = p
	return d
}

// begin directs requests to an endpoint that nobody has asked yet.
func (d *Engine) begin(p endpoint) error {
	api, err := d.client(p)
	if err != nil {
		return fmt.Errorf("engine's address: %w", err)
	}
	d.switchTo(api, p.infoBeforeAnswer())
	return nil
}

func newDocker(f *finder) *Engine {
	return &Engine{finder: f, log: slog.New(slog.DiscardHandler), helperPatience: 15 * time.Second}
}

// newFound makes an engine that the finder looks for. Until the finder has found one,
// requests go to the first candidate, if any.
func newFound(f *finder) *Engine {
	d := newDocker(f)
	var p endpoint
	candidates, err := f.candidates()
	if err == nil {
		p = candidates[0]
		if err = d.begin(p); err == nil {
			return d
		}
		err = addressProblem(p, err)
	}
	d.switchTo(failingClient(err), p.infoBeforeAnswer())
	return d
}

// currentEndpoint returns the endpoint with its TLS settings, read anew.
func (p endpoint) currentEndpoint() (dockerendpoint.Endpoint, error) {
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

// client makes a client for the endpoint, as the docker command does. A box becomes the
// one that the engine is on.
func (d *Engine) client(p endpoint) (*client.Client, error) {
	options, err := d.clientOptions(p)
	if err != nil {
		return nil, err
	}
	options = append(options, client.WithAPIVersionNegotiation(), client.WithUserAgent("colab-tray"))
	if docker, _ := readDockerConfig(); len(docker.HTTPHeaders) > 0 {
		options = append(options, client.WithHTTPHeaders(docker.HTTPHeaders))
	}
	return client.NewClientWithOpts(options...)
}

func (d *Engine) clientOptions(p endpoint) ([]client.Opt, error) {
	if overSSH(p.host) {
		b, err := d.boxes.use(p.host, d.log)
		if err != nil {
			return nil, err
		}
		// A path of any socket: no proxy is asked, and the connection is made by the box.
		return []client.Opt{client.WithHost("unix:///box"), client.WithDialContext(b.dial)}, nil
	}
	e, err := p.currentEndpoint()
	if err != nil {
		return nil, err
	}
	options, err := e.ClientOpts()
	if err != nil {
		return nil, err
	}
	// The last two options set the version. They would disable its negotiation when
	// DOCKER_API_VERSION is set.
	return options[:len(options)-2], nil
}

// failingClient returns a client whose requests all fail with err.
func failingClient(err error) *client.Client {
	api, _ := client.NewClientWithOpts(client.WithDialContext(func(context.Context, string, string) (net.Conn, error) {
		return nil, err
	})) // cannot fail without an address
	return api
}

// switchTo directs requests to another client from now on. Idle connections of the
// previous client are closed; its requests in progress go on.
func (d *Engine) switchTo(api *client.Client, info engine.Info) {
	if !overSSH(info.Host) {
		_ = d.boxes.leave()
	}
	d.podman.Store(info.Name == "Podman")
	d.which.Store(&info)
	if before := d.api.Swap(api); before != nil {
		_ = before.Close()
	}
}

// Which implements [engine.Finder].
func (d *Engine) Which() engine.Info { return *d.which.Load() }

// Host returns the address of the engine.
func (d *Engine) Host() string { return d.Which().Host }

// Close implements [engine.Engine].
func (d *Engine) Close() error {
	return errors.Join(d.api.Load().Close(), d.boxes.leave())
}

// Connect implements [engine.Engine]. Each Connect makes a new client, because a client
// negotiates its API version only downwards, and the engine may have been upgraded.
func (d *Engine) Connect(ctx context.Context) (engine.Info, error) {
	if d.finder == nil {
		err := d.try(ctx, d.given)
		return d.Which(), err
	}
	candidates, err := d.finder.candidates()
	if err != nil {
		return d.Which(), err
	}
	var first error
	var barred string
	for _, p := range candidates {
		patience := answerTime
		if p.found != engine.FoundByDefault {
			patience /= time.Duration(len(candidates))
		}
		trying, cancel := context.WithTimeout(ctx, patience)
		err := d.try(trying, p)
		cancel()
		if err == nil {
			d.finder.answered(p)
			info := d.Which()
			info.Barred = cmp.Or(barred, info.Barred)
			d.which.Store(&info)
			return info, nil
		}
		if first == nil {
			first = err
		}
		if p.found == engine.FoundByDefault {
			// The docker command would use only this engine. Go on to others only when
			// permission is denied.
			if !errors.Is(err, engine.ErrPermission) {
				break
			}
			barred = p.host
		}
	}
	d.finder.noneAnswered()
	if d.Host() != candidates[0].host {
		guess := candidates[0].infoBeforeAnswer()
		d.which.Store(&guess)
	}
	return d.Which(), first
}

// try checks whether an engine answers at p, and uses it if so.
func (d *Engine) try(ctx context.Context, p endpoint) error {
	if err := tooFar(p); err != nil {
		return err
	}
	api, err := d.client(p)
	if err != nil {
		return addressProblem(p, err)
	}
	var connected atomic.Bool
	var info engine.Info
	identify := func() (err error) {
		info, err = identity(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
			ConnectDone: func(_, _ string, err error) { connected.Store(connected.Load() || err == nil) },
			GotConn:     func(httptrace.GotConnInfo) { connected.Store(true) }, // also for a named pipe of Windows
		}), api)
		return err
	}
	if err := d.boxes.at(p.host).again(ctx, identify); err != nil {
		_ = api.Close()
		if insecure := tlsProblem(p, err); insecure != nil {
			return fmt.Errorf("%w: %w", engine.ErrUnreachable, insecure)
		}
		var failure *tunnel.Error
		switch {
		case errors.As(err, &failure):
			if failure.Kind == tunnel.SocketDenied {
				d.boxes.loginAnew()
			}
			return engineError(err)
		case errors.Is(err, context.DeadlineExceeded) && !connected.Load():
			return fmt.Errorf("%w: %w", engine.ErrUnreachable, err)
		case isConnectionFailure(err) && connected.Load():
			return fmt.Errorf("%w: %w", engine.ErrHangsUp, err)
		}
		return engineError(err)
	}
	podman := info.Name == "Podman"
	info.Host, info.Found, info.Command = p.host, p.found, p.cli(podman)
	info.Local, info.Machine = whereIs(info.Host)
	info.Forwarded = overSSH(info.Host)
	if before := d.Which(); before.Host == info.Host {
		info.Barred = before.Barred // once in use, an engine is tried first
	}
	d.switchTo(api, info)
	switch {
	case info.Kind.Podman: // it has told all
	case podman:
		var told engine.Info
		told, err = podmanIdentity(ctx, api)
		info.Kind, info.MapsUsers = told.Kind, told.MapsUsers
		info.Kind.Podman = true
	default:
		info.Kind, err = d.dockerKind(ctx)
	}
	if err != nil {
		d.log.Warn("the engine did not tell how it was installed", "error", err)
	}
	d.mapsUsers.Store(info.MapsUsers)
	d.which.Store(&info)
	return nil
}

// oldestAPI is the API version of Docker 19.03.
const oldestAPI = "1.40"

// identity asks which engine answers.
func identity(ctx context.Context, api *client.Client) (engine.Info, error) {
	ping, err := api.Ping(ctx)
	if err != nil {
		return engine.Info{}, err
	}
	if ping.APIVersion == "" {
		return engine.Info{}, errors.New(i18n.T("problem.noVersion"))
	}
	api.NegotiateAPIVersionPing(ping)
	if versions.LessThan(api.ClientVersion(), oldestAPI) {
		return engine.Info{}, fmt.Errorf("%w: its API is %s", engine.ErrTooOld, api.ClientVersion())
	}
	if ping.BuilderVersion == "" { // Podman has none, and takes longest to tell its version
		if info, err := podmanIdentity(ctx, api); err == nil {
			return info, nil
		}
	}
	version, err := api.ServerVersion(ctx)
	if err != nil {
		return engine.Info{}, err
	}
	info := engine.Info{Name: "Docker", Version: version.Version, API: api.ClientVersion(), Arch: version.Arch, Host: api.DaemonHost()}
	for _, c := range version.Components {
		if strings.Contains(c.Name, "Podman") {
			info.Name = "Podman"
		}
	}
	return info, nil
}

// isConnectionFailure reports whether the request did not reach the engine.
func isConnectionFailure(err error) bool { return client.IsErrConnectionFailed(err) }

// eventActions are the events that can matter to a runtime. The exec events that every
// health check causes are left out.
var eventActions = []events.Action{
	events.ActionCreate, events.ActionStart, events.ActionDie, events.ActionStop, events.ActionKill,
	events.ActionOOM, events.ActionDestroy, events.ActionPause, events.ActionUnPause,
	events.ActionHealthStatus,
	"died", "remove", // Podman's filter has these for die and destroy
}

// Watch implements [engine.Engine]. A container that is renamed has the new name in the
// event, by which the filter goes. So renames have a stream of their own, of all
// containers: there are few.
func (d *Engine) Watch(ctx context.Context, names []string, opened func(), event func(engine.Event)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	renamed := filters.NewArgs(filters.Arg("type", string(events.ContainerEventType)), filters.Arg("event", string(events.ActionRename)))
	filter := filters.NewArgs(filters.Arg("type", string(events.ContainerEventType)))
	for _, name := range names {
		filter.Add("container", name)
	}
	for _, action := range eventActions {
		filter.Add("event", string(action))
	}
	var messages, renames <-chan events.Message
	var errs, renameErrs <-chan error
	open := func() error {
		messages, errs = d.api.Load().Events(ctx, events.ListOptions{Filters: filter})
		renames, renameErrs = d.api.Load().Events(ctx, events.ListOptions{Filters: renamed})
		select {
		case err := <-errs:
			return err
		case err := <-renameErrs:
			return err
		default:
			return nil
		}
	}
	if err := d.boxes.now().again(ctx, open); err != nil {
		return engineError(err)
	}
	opened()
	for {
		select {
		case m := <-messages:
			if d.podman.Load() && m.Action == events.ActionDie && d.endedBySignal(ctx, m.Actor) {
				event(engine.Event{Container: m.Actor.Attributes["name"], Action: string(events.ActionKill)})
			}
			event(engine.Event{Container: m.Actor.Attributes["name"], Action: string(m.Action)})
		case m := <-renames:
			for _, name := range renamedNames(m, names) {
				event(engine.Event{Container: name, Action: string(events.ActionRename)})
			}
		case err := <-errs:
			return engineError(err)
		case err := <-renameErrs:
			return engineError(err)
		}
	}
}

// renamedNames returns those of the names that a container had or has got. Podman does
// not tell the old name: any of them can be that.
func renamedNames(m events.Message, names []string) []string {
	before, tells := m.Actor.Attributes["oldName"]
	if !tells {
		return names
	}
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return name != strings.TrimPrefix(before, "/") && name != m.Actor.Attributes["name"]
	})
}

// endedBySignal reports whether a signal ended a container, other than the kernel's
// when memory ran out. Unlike Docker, Podman does not report that somebody stops a
// container.
func (d *Engine) endedBySignal(ctx context.Context, of events.Actor) bool {
	switch cmp.Or(of.Attributes["exitCode"], of.Attributes["containerExitCode"]) {
	case "130", "143":
		return true
	case "137":
		c, err := d.Inspect(ctx, of.ID)
		return err != nil || !c.OOMKilled
	}
	return false
}

// Put implements [engine.Engine].
func (d *Engine) Put(ctx context.Context, id string, files fs.FS, written time.Time) error {
	archive, err := engine.TarOf(files, written)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	return engineError(d.api.Load().CopyToContainer(ctx, id, "/", archive, container.CopyToContainerOptions{}))
}

// Start implements [engine.Engine]. Engines refuse to start a paused container, so
// Start resumes it.
func (d *Engine) Start(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	err := d.api.Load().ContainerStart(ctx, id, container.StartOptions{})
	if err == nil || ctx.Err() != nil {
		return engineError(err)
	}
	if c, unknown := d.Inspect(ctx, id); unknown == nil && c.Paused {
		err = d.api.Load().ContainerUnpause(ctx, id)
	}
	return engineError(err)
}

// Stop implements [engine.Engine]. Podman refuses to stop a paused container, so Stop
// resumes it.
func (d *Engine) Stop(ctx context.Context, id string, grace time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout+grace)
	defer cancel()
	api, seconds := d.api.Load(), int(grace.Seconds())
	options := container.StopOptions{Timeout: &seconds}
	err := api.ContainerStop(ctx, id, options)
	if err == nil || ctx.Err() != nil {
		return engineError(err)
	}
	if c, unknown := d.Inspect(ctx, id); unknown == nil && c.Paused {
		if err = api.ContainerUnpause(ctx, id); err == nil {
			err = api.ContainerStop(ctx, id, options)
		}
	}
	return engineError(err)
}

// Remove implements [engine.Engine]. It keeps volumes.
func (d *Engine) Remove(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	return engineError(d.remove(ctx, id, container.RemoveOptions{}))
}

// Rename implements [engine.Replacer].
func (d *Engine) Rename(ctx context.Context, id, name string) error {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	return engineError(d.api.Load().ContainerRename(ctx, id, name))
}

// Wait implements [engine.Engine].
func (d *Engine) Wait(ctx context.Context, id string) error {
	ended, errs := d.api.Load().ContainerWait(ctx, id, container.WaitConditionNotRunning)
	select {
	case <-ended:
		return nil
	case err := <-errs:
		return engineError(err)
	}
}

// Logs implements [engine.Engine].
func (d *Engine) Logs(ctx context.Context, c engine.Container, q engine.LogQuery) (io.ReadCloser, error) {
	options := container.LogsOptions{ShowStdout: true, ShowStderr: true, Follow: q.Follow, Tail: "all"}
	if q.Tail >= 0 {
		options.Tail = strconv.Itoa(q.Tail)
	}
	if !q.Since.IsZero() {
		options.Since = q.Since.Format(time.RFC3339Nano)
	}
	stream, err := d.openLogs(ctx, c.ID, options)
	if err != nil {
		return nil, err
	}
	if c.TTY {
		return stream, nil
	}
	return demultiplexed(stream), nil
}

// openLogs opens the output. One that is followed can be silent for any time.
func (d *Engine) openLogs(ctx context.Context, id string, options container.LogsOptions) (io.ReadCloser, error) {
	if options.Follow {
		stream, err := d.api.Load().ContainerLogs(ctx, id, options)
		return stream, engineError(err)
	}
	ctx, stalls := engine.WatchStall(ctx, engine.StallTime, engineError)
	stream, err := d.api.Load().ContainerLogs(ctx, id, options)
	return stalls.Open(stream, err)
}

// demultiplexed merges stdout and stderr of a container without a terminal.
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

// Reach implements [engine.Engine].
func (d *Engine) Reach(_ context.Context, c engine.Container, port int) (engine.Route, error) {
	b := d.boxes.now()
	if b == nil {
		return engine.LoopbackRoute(c, port)
	}
	published, err := engine.PublishedPort(c, port)
	if err != nil {
		return nil, err
	}
	return boxRoute{b, published}, nil
}

// Get implements [engine.Engine].
func (d *Engine) Get(ctx context.Context, id, path string) (io.ReadCloser, error) {
	ctx, stalls := engine.WatchStall(ctx, engine.StallTime, engineError)
	r, _, err := d.api.Load().CopyFromContainer(ctx, id, path)
	return stalls.Open(r, err)
}

// PublishedBy implements [engine.Ports].
func (d *Engine) PublishedBy(ctx context.Context, port int) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
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
