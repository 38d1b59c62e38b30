package memory

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"colabtray/internal/engine"
)

// container is a container of the engine.
type container struct {
	id, name  string
	spec      engine.Spec
	image     *Image
	labels    map[string]string
	cmd, env  []string
	network   string
	layer     tree
	fromImage tree
	mounts    map[string]*volume // mount point to volume
	output    *output

	paused   bool
	made     time.Time
	started  time.Time
	ended    time.Time
	exitCode int
	process  *Process        // nil while the container does not run
	waiting  *engine.Waiting // nil unless it was started and waits for its process
	cause    engine.Cause    // why the engine has ended the last run
	said     string
	over     chan struct{} // closed when the run ends; nil before the first run

	reserve *container // what it was before it was made anew; nil for nothing
	remade  time.Time  // when; zero without a reserve
}

// Process is the main process of a container, or a command that runs in it.
type Process struct {
	// Args is the command line, and Env is the environment.
	Args, Env []string
	// Hostname is the hostname of the container.
	Hostname string
	// In is the standard input; nil when there is none.
	In io.Reader
	// Out and Err are the standard output and the standard error.
	Out, Err io.Writer
	// Dir is the working directory of a command that has one of its own.
	Dir string
	// Term is closed when the process is asked to end.
	Term <-chan struct{}
	// Killed is closed when the process must end at once.
	Killed <-chan struct{}

	size         atomic.Pointer[engine.TerminalSize] // of the terminal, if any
	term, killed chan struct{}
	listeners    map[int]net.Listener
	write        func(name, text string)
}

// Listen returns a listener at a TCP port in the container. Nobody can connect to a
// port that is not published.
func (p *Process) Listen(port int) (net.Listener, error) {
	if l := p.listeners[port]; l != nil {
		return l, nil
	}
	return net.Listen("tcp", "127.0.0.1:0")
}

// WriteFile writes a file of the container.
func (p *Process) WriteFile(name, text string) { p.write(name, text) }

// Getenv returns the value of an environment variable.
func (p *Process) Getenv(name string) (value string) {
	for _, pair := range p.Env {
		if v, found := strings.CutPrefix(pair, name+"="); found {
			value = v
		}
	}
	return value
}

func closeOnce(c chan struct{}) {
	select {
	case <-c:
	default:
		close(c)
	}
}

// kill ends the container's run at once.
func (c *container) kill() {
	if c.process != nil {
		closeOnce(c.process.term)
		closeOnce(c.process.killed)
	}
}

// find locks the engine and returns the container with a name or an ID. With an error
// the engine is not locked.
func (e *Engine) find(ctx context.Context, name string) (*container, error) {
	if err := e.lock(ctx); err != nil {
		return nil, err
	}
	if c := e.lookup(name); c != nil {
		return c, nil
	}
	e.mu.Unlock()
	return nil, fmt.Errorf("%w: container %s", engine.ErrNotFound, name)
}

func (e *Engine) lookup(name string) *container {
	if c := e.containers[name]; c != nil {
		return c
	}
	for _, c := range e.containers {
		if c.name == name {
			return c
		}
	}
	return nil
}

// Create implements [engine.Engine].
func (e *Engine) Create(ctx context.Context, spec engine.Spec) (made engine.Created, err error) {
	if made.Volume, err = e.EnsureVolume(ctx, spec); err != nil {
		return made, err
	}
	if err := e.lock(ctx); err != nil {
		return made, err
	}
	defer e.mu.Unlock()
	c, err := e.create(spec)
	if err != nil {
		return made, err
	}
	e.mount(c)
	made.ID = c.id
	e.notify(c, "create")
	return made, nil
}

// mount mounts the container's volume, and fills an empty one.
func (e *Engine) mount(c *container) {
	mounts := c.spec.Mounts
	if len(mounts) == 0 {
		mounts = []string{c.spec.DataDir}
	}
	for i, target := range mounts {
		v := e.volumes[c.spec.Volume]
		c.mounts[target] = v
		if i == 0 && len(v.files) == 0 {
			for _, name := range c.layer.under(target) {
				v.files[strings.TrimPrefix(name, target)] = c.layer[name]
			}
		}
	}
}

// create makes a container without mounts.
func (e *Engine) create(spec engine.Spec) (*container, error) {
	if e.lookup(spec.Name) != nil {
		return nil, fmt.Errorf("%w: %s", engine.ErrConflict, spec.Name)
	}
	c, err := e.makes(spec)
	if err == nil {
		e.containers[c.id] = c
	}
	return c, err
}

// makes makes a container that the engine does not have yet.
func (e *Engine) makes(spec engine.Spec) (*container, error) {
	image := e.image(spec.Image)
	switch {
	case image == nil:
		return nil, fmt.Errorf("%w: image %s", engine.ErrNotFound, spec.Image)
	case !image.fits(spec.Platform):
		return nil, fmt.Errorf("%w: %s", engine.ErrPlatform, spec.Platform)
	}
	for _, f := range spec.Folders {
		if _, err := os.Stat(f.Host); err != nil {
			return nil, fmt.Errorf("%w: bind source path does not exist: %s", engine.ErrNoFolder, f.Host)
		}
	}
	c := &container{
		id: newID(), name: spec.Name, spec: spec, image: image, network: "bridge", made: now(),
		labels: map[string]string{}, mounts: map[string]*volume{}, output: newOutput(),
		fromImage: treeOf(image.Files, time.Unix(0, 0)),
	}
	c.layer = maps.Clone(c.fromImage)
	maps.Copy(c.labels, image.Labels)
	maps.Copy(c.labels, spec.Labels)
	entrypoint, cmd := image.Config.Entrypoint, image.Config.Cmd
	if len(spec.Entrypoint) > 0 {
		entrypoint, cmd = spec.Entrypoint, nil
	}
	if len(spec.Cmd) > 0 {
		cmd = spec.Cmd
	}
	c.cmd = slices.Concat(entrypoint, cmd)
	c.env = slices.Clone(image.Config.Env)
	for _, v := range spec.Env {
		c.env = append(c.env, v.Name+"="+v.Value.Reveal())
	}
	return c, nil
}

// Inspect implements [engine.Engine].
func (e *Engine) Inspect(ctx context.Context, name string) (engine.Container, error) {
	if err := e.lock(ctx); err != nil {
		return engine.Container{}, err
	}
	defer e.mu.Unlock()
	c := e.lookup(name)
	if c == nil {
		return engine.Container{Name: name}, nil
	}
	return c.describe(), nil
}

// describe returns what the engine tells of the container.
func (c *container) describe() engine.Container {
	d := engine.Container{
		Exists: true, Name: c.name, ID: c.id, Image: c.spec.Image, ImageID: c.image.id,
		Running: c.process != nil || c.waiting != nil, Waiting: c.waiting, Cause: c.cause, CauseSaid: c.said, Paused: c.paused, RemadeAt: c.remade, MadeAt: c.made, StartedAt: c.started, EndedAt: c.ended, ExitCode: c.exitCode,
		Labels: maps.Clone(c.labels), LabelsOfImage: c.image.Labels, Network: c.network,
		User: c.image.Config.User, WorkDir: c.image.Config.WorkDir, Cmd: c.cmd, Env: slices.Clone(c.env), LogDriver: "memory",
		Ports: map[int]int{}, Addresses: map[int][]netip.AddrPort{},
		Effective: engine.Effective{Memory: c.spec.Memory, CPUs: c.spec.CPUs, ShmSize: c.spec.ShmSize, Folders: c.spec.Folders},
	}
	if c.spec.User != "" {
		d.User = c.spec.User
	}
	if c.spec.WorkDir != "" {
		d.WorkDir = c.spec.WorkDir
	}
	for _, target := range slices.Sorted(maps.Keys(c.mounts)) {
		d.Mounts = append(d.Mounts, engine.Mount{Volume: c.mounts[target].name, Target: target})
	}
	for inner, port := range published(c.spec) {
		if port == 0 { // chosen at each start
			if c.process == nil {
				continue
			}
			port = c.process.listeners[inner].Addr().(*net.TCPAddr).Port
		}
		d.Ports[inner] = port
		d.Addresses[inner] = []netip.AddrPort{netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(port))}
	}
	return d
}

// Start implements [engine.Engine].
func (e *Engine) Start(ctx context.Context, id string) error {
	c, err := e.find(ctx, id)
	if err != nil {
		return err
	}
	defer e.mu.Unlock()
	switch {
	case c.paused:
		c.paused = false
		e.notify(c, "unpause")
		return nil
	case c.process != nil, c.waiting != nil:
		return nil
	case e.scarce != nil:
		e.wait(c)
		return nil
	}
	return e.begin(c)
}

// begin runs the container's command.
func (e *Engine) begin(c *container) error {
	run := c.image.Commands[first(c.cmd)]
	if run == nil {
		return fmt.Errorf("exec: %q: executable file not found", first(c.cmd))
	}
	p := c.newProcess(c.cmd)
	if err := p.publish(c.spec); err != nil {
		return err
	}
	c.started = now()
	p.Out, p.Err, p.write = c.output, c.output, func(name, text string) {
		e.mu.Lock()
		defer e.mu.Unlock()
		c.write(name, regular([]byte(text), now()))
	}
	if c.waiting == nil {
		c.over = make(chan struct{})
	}
	c.process, c.waiting, c.cause, c.said = p, nil, "", ""
	c.output.begin()
	e.notify(c, "start")
	e.running.Go(func() {
		code := run(p)
		select {
		case <-p.killed:
			code = 137
		default:
		}
		for _, l := range p.listeners {
			_ = l.Close()
		}
		e.mu.Lock()
		defer e.mu.Unlock()
		c.process, c.paused, c.exitCode, c.ended = nil, false, code, now()
		c.output.end()
		close(c.over)
		e.notify(c, "die")
	})
	return nil
}

func first(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return words[0]
}

// now returns the current time without its monotonic part, so that times can be
// compared with ==.
func now() time.Time { return time.Now().UTC().Round(0) }

func (c *container) newProcess(args []string) *Process {
	p := &Process{
		Args: args, Env: c.env, Hostname: c.spec.Hostname,
		term: make(chan struct{}), killed: make(chan struct{}), listeners: map[int]net.Listener{},
	}
	p.Term, p.Killed = p.term, p.killed
	return p
}

// publish listens at the ports of the host for those in the container.
func (p *Process) publish(spec engine.Spec) error {
	for inner, port := range published(spec) {
		l, err := listen(port)
		if err != nil {
			for _, l := range p.listeners {
				_ = l.Close()
			}
		}
		if errors.Is(err, syscall.EADDRINUSE) {
			return fmt.Errorf("%w: %w", engine.ErrPortInUse, err)
		}
		if err != nil {
			return err
		}
		p.listeners[inner] = l
	}
	return nil
}

// listen listens at a port of the host. For a moment after a container has ended, its
// listener is also one of whatever program this process has just started.
func listen(port int) (l net.Listener, err error) {
	for range 20 {
		l, err = net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if !errors.Is(err, syscall.EADDRINUSE) {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return l, err
}

// published maps the ports in the container to those of the host; 0 for any.
func published(spec engine.Spec) map[int]int {
	ports := map[int]int{}
	switch {
	case spec.Gateway:
		ports[spec.InnerPort] = 0
	case spec.Port != 0:
		ports[spec.InnerPort] = spec.Port
	}
	for _, p := range spec.Publish {
		ports[p.Container] = p.Host
	}
	return ports
}

// Stop implements [engine.Engine].
func (e *Engine) Stop(ctx context.Context, id string, grace time.Duration) error {
	c, err := e.find(ctx, id)
	if err != nil {
		return err
	}
	p, over := c.process, c.over
	if p == nil {
		if c.waiting != nil {
			e.giveUp(c, "", "")
		}
		e.mu.Unlock()
		return nil
	}
	closeOnce(p.term)
	e.notify(c, "kill")
	e.mu.Unlock()
	patience := time.NewTimer(grace)
	defer patience.Stop()
	select {
	case <-over:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-patience.C:
	}
	e.mu.Lock()
	c.kill()
	e.mu.Unlock()
	return wait(ctx, over)
}

func wait(ctx context.Context, over <-chan struct{}) error {
	select {
	case <-over:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Wait implements [engine.Engine].
func (e *Engine) Wait(ctx context.Context, id string) error {
	c, err := e.find(ctx, id)
	if err != nil {
		return err
	}
	runs, over := c.process != nil || c.waiting != nil, c.over
	e.mu.Unlock()
	if !runs {
		return nil
	}
	return wait(ctx, over)
}

// Pause pauses a running container, as a person can do with a command.
func (e *Engine) Pause(ctx context.Context, id string) error {
	c, err := e.find(ctx, id)
	if err != nil {
		return err
	}
	defer e.mu.Unlock()
	if c.process == nil {
		return fmt.Errorf("%w: %s does not run", engine.ErrConflict, c.name)
	}
	c.paused = true
	e.notify(c, "pause")
	return nil
}

// Kill ends a running container at once, as a person may do with a command.
func (e *Engine) Kill(ctx context.Context, id string) error {
	c, err := e.find(ctx, id)
	if err != nil {
		return err
	}
	over := c.over
	if c.process == nil {
		if c.waiting != nil {
			e.giveUp(c, "", "")
		}
		e.mu.Unlock()
		return nil
	}
	c.kill()
	e.notify(c, "kill")
	e.mu.Unlock()
	return wait(ctx, over)
}

// Remove implements [engine.Engine].
func (e *Engine) Remove(ctx context.Context, id string) error {
	c, err := e.find(ctx, id)
	if err != nil {
		return err
	}
	defer e.mu.Unlock()
	if c.process != nil || c.waiting != nil {
		return fmt.Errorf("%w: %s runs", engine.ErrConflict, c.name)
	}
	e.remove(c)
	return nil
}

func (e *Engine) remove(c *container) {
	delete(e.containers, c.id)
	e.notify(c, "destroy")
}

// Rename implements [engine.Replacer].
func (e *Engine) Rename(ctx context.Context, id, name string) error {
	c, err := e.find(ctx, id)
	if err != nil {
		return err
	}
	defer e.mu.Unlock()
	if other := e.lookup(name); other != nil {
		return fmt.Errorf("%w: %s", engine.ErrConflict, name)
	}
	before := *c
	c.name = name
	e.notify(&before, "rename")
	e.notify(c, "rename")
	return nil
}

// Named implements [engine.Replacer]. A container that inherited the label from its
// image does not count.
func (e *Engine) Named(ctx context.Context, runtime string) (map[string]string, error) {
	if err := e.lock(ctx); err != nil {
		return nil, err
	}
	defer e.mu.Unlock()
	ids := map[string]string{}
	for _, c := range e.containers {
		own := c.labels[engine.LabelRuntime] == runtime && c.image.Labels[engine.LabelRuntime] != runtime
		if own && slices.Contains([]string{runtime, runtime + engine.NextSuffix, runtime + engine.PreviousSuffix}, c.name) {
			ids[c.name] = c.id
		}
	}
	return ids, nil
}

// Reach implements [engine.Engine].
func (e *Engine) Reach(_ context.Context, c engine.Container, port int) (engine.Route, error) {
	return engine.LoopbackRoute(c, port)
}

// PublishedBy implements [engine.Ports].
func (e *Engine) PublishedBy(ctx context.Context, port int) ([]string, error) {
	if err := e.lock(ctx); err != nil {
		return nil, err
	}
	defer e.mu.Unlock()
	var names []string
	for _, c := range e.containers {
		if c.process != nil && c.spec.Port == port && !c.spec.Gateway {
			names = append(names, c.name)
		}
	}
	return names, nil
}

// Exec implements [engine.Executor].
func (e *Engine) Exec(ctx context.Context, id string, cmd []string) (stdout, stderr string, err error) {
	var out, errOut strings.Builder
	if _, err := e.Attach(ctx, id, engine.Command{Args: cmd, Stdout: &out, Stderr: &errOut}); err != nil {
		return "", "", err
	}
	return out.String(), errOut.String(), nil
}

// Attach implements [engine.Attacher].
func (e *Engine) Attach(ctx context.Context, id string, cmd engine.Command) (exitCode int, err error) {
	c, err := e.find(ctx, id)
	if err != nil {
		return 0, err
	}
	run, runs := c.image.Commands[first(cmd.Args)], c.process != nil
	p := c.newProcess(cmd.Args)
	e.mu.Unlock()
	switch {
	case !runs:
		return 0, fmt.Errorf("%w: %s does not run", engine.ErrConflict, c.name)
	case run == nil:
		return 0, fmt.Errorf("exec: %q: executable file not found", first(cmd.Args))
	}
	p.In, p.Out, p.Err, p.Dir = cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.Dir
	p.Env = slices.Concat(p.Env, cmd.Env)
	over := make(chan int, 1)
	e.running.Go(func() { over <- run(p) })
	for {
		select {
		case size := <-cmd.Terminal:
			p.size.Store(&size)
			continue
		case code := <-over:
			return code, nil
		case <-ctx.Done():
			closeOnce(p.term)
			closeOnce(p.killed)
			return 0, ctx.Err()
		}
	}
}

// Size returns the size of the process's terminal; zero when it has none.
func (p *Process) Size() (size engine.TerminalSize) {
	if now := p.size.Load(); now != nil {
		size = *now
	}
	return size
}

// Stats implements [engine.Meter].
func (e *Engine) Stats(ctx context.Context, id string, each func(engine.Usage)) error {
	c, err := e.find(ctx, id)
	if err != nil {
		return err
	}
	p, over := c.process, c.over
	e.mu.Unlock()
	if p == nil {
		return nil
	}
	for ticker := time.NewTicker(time.Second); ; {
		each(engine.Usage{At: now(), CPUs: 1, Memory: 1 << 20, MemoryLimit: 1 << 30})
		select {
		case <-ticker.C:
		case <-over:
			ticker.Stop()
			return nil
		case <-ctx.Done():
			ticker.Stop()
			return ctx.Err()
		}
	}
}
