package kubernetes

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/engine"
)

// Engine is an [engine.Engine] that is a namespace of a Kubernetes cluster.
type Engine struct {
	asked   config.Cluster // as the address names it
	isAsked bool           // the address is one of a cluster
	log     *slog.Logger
	dir     string // below which sockets are made
	api     *api

	patience time.Duration // with streams through kubectl

	which   atomic.Pointer[engine.Info]
	current atomic.Pointer[kubectl] // with context and namespace, once these are known

	mu      sync.Mutex
	closed  bool
	checked string // the program whose version was checked
	proxy   *proxy
}

var (
	_ engine.Engine   = (*Engine)(nil)
	_ engine.Finder   = (*Engine)(nil)
	_ engine.Executor = (*Engine)(nil)
	_ engine.Volumes  = (*Engine)(nil)
	_ engine.Remaker  = (*Engine)(nil)

	_ engine.ClusterPuller = (*Engine)(nil)
)

// Is reports whether an address is that of a cluster.
func Is(address string) bool { return strings.HasPrefix(address, config.ClusterScheme) }

// Open makes the engine at an address, without connecting to it. An address that cannot
// be used is told by [Engine.Connect].
func Open(address string, log *slog.Logger) *Engine {
	e := &Engine{log: log, dir: config.RuntimeDir(), patience: engine.StallTime}
	e.asked, e.isAsked = config.ParseCluster(address)
	e.api = newAPI(e.dial)
	e.current.Store(&kubectl{program: "kubectl", cluster: e.asked})
	e.which.Store(&engine.Info{
		Name: "Kubernetes", Host: address, Machine: machineOf(e.asked), Found: engine.FoundInSetting, Forwarded: true, Command: e.tool().line(),
	})
	return e
}

// machineOf returns what the machine of a cluster is called.
func machineOf(c config.Cluster) string {
	if c.Context == "" {
		return "Kubernetes"
	}
	return c.Context
}

// tool returns the kubectl in use.
func (e *Engine) tool() kubectl { return *e.current.Load() }

// path returns the path of objects in the namespace.
func (e *Engine) path(kind string, name ...string) string {
	return objectsPath(e.tool().cluster.Namespace, kind, name...)
}

// dial connects to the API.
func (e *Engine) dial(ctx context.Context) (net.Conn, error) {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return nil, net.ErrClosed
	}
	if e.proxy == nil {
		e.proxy = newProxy(e.tool(), e.dir)
	}
	p := e.proxy
	e.mu.Unlock()
	return p.dial(ctx)
}

// Which implements [engine.Finder].
func (e *Engine) Which() engine.Info { return *e.which.Load() }

// Await implements [engine.Finder]. Nothing on this computer tells when a cluster
// answers.
func (e *Engine) Await(ctx context.Context) { <-ctx.Done() }

// Close implements [engine.Engine].
func (e *Engine) Close() error {
	e.mu.Lock()
	e.closed = true
	p := e.proxy
	e.proxy = nil
	e.mu.Unlock()
	e.api.close()
	if p == nil {
		return nil
	}
	return p.close()
}

// Connect implements [engine.Engine]. What kubectl's configuration names is read anew
// each time.
func (e *Engine) Connect(ctx context.Context) (engine.Info, error) {
	if err := ctx.Err(); err != nil {
		return e.Which(), err
	}
	info, err := e.connect(ctx)
	if err != nil {
		return e.Which(), e.failure(err)
	}
	e.which.Store(&info)
	return info, nil
}

func (e *Engine) connect(ctx context.Context) (engine.Info, error) {
	if !e.isAsked {
		return engine.Info{}, addressProblem(e.Which().Host)
	}
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	asked := kubectl{program: e.tool().program, cluster: e.asked}
	if err := e.checkProgram(ctx, asked); err != nil {
		return engine.Info{}, err
	}
	cluster, err := asked.resolve(ctx)
	if err != nil {
		return engine.Info{}, err
	}
	if err := e.use(kubectl{program: asked.program, cluster: cluster}); err != nil {
		return engine.Info{}, err
	}
	var version struct {
		GitVersion string `json:"gitVersion"`
		Platform   string `json:"platform"`
	}
	if err := e.api.get(ctx, "/version", nil, &version); err != nil {
		return engine.Info{}, err
	}
	// Whether the login is good and the namespace is this person's shows only when asked.
	if err := e.api.get(ctx, e.path(configMaps), url.Values{"limit": {"1"}, "labelSelector": {labelManager + "=" + managerName}}, nil); err != nil {
		return engine.Info{}, err
	}
	_, arch, _ := strings.Cut(version.Platform, "/")
	info := e.Which()
	info.Version, info.API, info.Arch = strings.TrimPrefix(words(version.GitVersion), "v"), "v1", words(arch)
	info.Machine, info.Command = machineOf(cluster), e.tool().line()
	return info, nil
}

// checkProgram checks kubectl's version, once for each program that is found.
func (e *Engine) checkProgram(ctx context.Context, k kubectl) error {
	program, err := exec.LookPath(k.program)
	if err != nil {
		return fmt.Errorf("%w: %w", errNoKubectl, err)
	}
	e.mu.Lock()
	known := e.checked == program
	e.mu.Unlock()
	if known {
		return nil
	}
	if err := k.checkVersion(ctx); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.checked = program
	return nil
}

// use directs requests to a cluster. Another one than before has a proxy of its own.
func (e *Engine) use(k kubectl) error {
	if e.tool() == k {
		return nil
	}
	e.mu.Lock()
	p := e.proxy
	e.proxy = nil
	e.current.Store(&k)
	e.mu.Unlock()
	e.api.close()
	if p == nil {
		return nil
	}
	return p.close()
}
