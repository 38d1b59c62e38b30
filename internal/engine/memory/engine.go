// Package memory owns an engine in memory, for fast tests of packages above engines.
// Its containers are functions of this process, and their published ports are real. It
// passes the contract suite of package enginetest.
package memory

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"colabtray/internal/engine"
)

// Engine is an engine in memory.
type Engine struct {
	mu         sync.Mutex
	down       bool
	connected  chan struct{}         // closed when the engine goes down
	containers map[string]*container // ID to container
	volumes    map[string]*volume
	images     map[string]*Image // ID to image
	tags       map[string]string // name to ID
	registry   map[string]*Image // name to image that can be pulled
	watchers   map[*watcher]struct{}
	running    sync.WaitGroup
	scarce     *engine.Waiting // what starts wait for; nil for nothing
}

var (
	_ engine.Engine   = (*Engine)(nil)
	_ engine.Replacer = (*Engine)(nil)
	_ engine.Remaker  = (*Engine)(nil)
	_ engine.Tagger   = (*Engine)(nil)
	_ engine.Differ   = (*Engine)(nil)
	_ engine.Meter    = (*Engine)(nil)
	_ engine.Executor = (*Engine)(nil)
	_ engine.Ports    = (*Engine)(nil)
	_ engine.Volumes  = (*Engine)(nil)

	_ engine.RemoteImages = (*Engine)(nil)
)

// New makes an engine without containers, volumes and images.
func New() *Engine {
	return &Engine{
		connected:  make(chan struct{}),
		containers: map[string]*container{},
		volumes:    map[string]*volume{},
		images:     map[string]*Image{},
		tags:       map[string]string{},
		registry:   map[string]*Image{},
		watchers:   map[*watcher]struct{}{},
	}
}

// SetDown makes all requests fail with [engine.ErrUnreachable] until it is called with
// false. Containers go on meanwhile.
func (e *Engine) SetDown(down bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if down && !e.down {
		close(e.connected)
	}
	if !down && e.down {
		e.connected = make(chan struct{})
	}
	e.down = down
}

// lock locks the engine for a request. With an error, because ctx has ended or the
// engine is down, the engine is not locked.
func (e *Engine) lock(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	e.mu.Lock()
	if e.down {
		e.mu.Unlock()
		return engine.ErrUnreachable
	}
	return nil
}

// Connect implements [engine.Engine].
func (e *Engine) Connect(ctx context.Context) (engine.Info, error) {
	info := engine.Info{Name: "Memory", Host: "memory:", Local: true, Command: "docker"}
	if err := e.lock(ctx); err != nil {
		return info, err
	}
	defer e.mu.Unlock()
	info.Version, info.API, info.Arch = "1", "1", "amd64"
	return info, nil
}

// Close implements [engine.Engine]. It kills all containers.
func (e *Engine) Close() error {
	e.mu.Lock()
	for _, c := range e.containers {
		c.kill()
	}
	e.mu.Unlock()
	e.running.Wait()
	return nil
}

// Image is an image for the engine.
type Image struct {
	// Config is what the image sets for its containers.
	Config engine.ImageConfig
	// Labels are the labels of the image, which its containers inherit.
	Labels map[string]string
	// Files maps the absolute paths of the image's regular files to their content.
	Files map[string]string
	// Commands maps the first word of a command line to the function that runs it.
	Commands map[string]func(*Process) int
	// Arch is the architecture, named as GOARCH; empty for amd64.
	Arch string
	// Made is when the image was made; zero when it does not say.
	Made time.Time
	// Layers are the sizes of the image's layers in bytes, for the progress of a pull.
	Layers []int64

	id     string
	pulled bool
}

func newID() string {
	var b [32]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// AddImage adds an image to the engine, as if it was built there.
func (e *Engine) AddImage(name string, image Image) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.addImage(name, &image)
}

// Publish adds an image to the registry.
func (e *Engine) Publish(name string, image Image) {
	e.mu.Lock()
	defer e.mu.Unlock()
	image.id, image.pulled = "sha256:"+newID(), true
	e.registry[name] = &image
}

func (e *Engine) addImage(name string, image *Image) {
	if image.id == "" {
		image.id = "sha256:" + newID()
	}
	e.images[image.id] = image
	e.tags[name] = image.id
}

// image returns the image with a name or an ID; nil when there is none.
func (e *Engine) image(ref string) *Image {
	if id, tagged := e.tags[ref]; tagged {
		ref = id
	}
	return e.images[ref]
}

// fits reports whether the image is for a platform such as "linux/arm64". An empty
// platform fits every image.
func (i *Image) fits(platform string) bool {
	arch := i.Arch
	if arch == "" {
		arch = "amd64"
	}
	return platform == "" || platform == "linux/"+arch
}

// Image implements [engine.Engine].
func (e *Engine) Image(ctx context.Context, ref, platform string) (engine.ImageInfo, error) {
	if err := e.lock(ctx); err != nil {
		return engine.ImageInfo{}, err
	}
	defer e.mu.Unlock()
	image := e.image(ref)
	if image == nil || !image.fits(platform) {
		return engine.ImageInfo{}, nil
	}
	config := image.Config
	info := engine.ImageInfo{ID: image.id, Local: !image.pulled, Made: image.Made, Config: &config}
	for _, size := range image.Layers {
		info.Size += size
	}
	if image.pulled {
		info.Digests = []string{image.id}
	}
	return info, nil
}

// RemoteDigest implements [engine.RemoteImages].
func (e *Engine) RemoteDigest(ctx context.Context, ref string) (string, error) {
	if err := e.lock(ctx); err != nil {
		return "", err
	}
	defer e.mu.Unlock()
	image := e.registry[ref]
	if image == nil {
		return "", fmt.Errorf("%w: %s", engine.ErrImageNotFound, ref)
	}
	return image.id, nil
}

// Images implements [engine.Volumes].
func (e *Engine) Images(ctx context.Context) ([]string, error) {
	if err := e.lock(ctx); err != nil {
		return nil, err
	}
	defer e.mu.Unlock()
	return slices.Sorted(maps.Keys(e.images)), nil
}

// Pull implements [engine.Engine].
func (e *Engine) Pull(ctx context.Context, ref, platform string, progress func(engine.Progress)) error {
	if err := e.lock(ctx); err != nil {
		return err
	}
	image := e.registry[ref]
	e.mu.Unlock()
	switch {
	case image == nil:
		return fmt.Errorf("%w: %s", engine.ErrImageNotFound, ref)
	case !image.fits(platform):
		return fmt.Errorf("%w: %s", engine.ErrPlatform, platform)
	}
	var p engine.Progress
	p.Layers = len(image.Layers)
	for _, size := range image.Layers {
		p.Total += size
	}
	progress(p)
	for _, size := range image.Layers {
		p.Bytes += size
		p.LayersDone++
		progress(p)
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	if err := e.lock(ctx); err != nil {
		return err
	}
	defer e.mu.Unlock()
	e.addImage(ref, image)
	return nil
}

// Tag implements [engine.Tagger].
func (e *Engine) Tag(ctx context.Context, id, name string) error {
	if err := e.lock(ctx); err != nil {
		return err
	}
	defer e.mu.Unlock()
	image := e.image(id)
	if image == nil {
		return fmt.Errorf("%w: image %s", engine.ErrNotFound, id)
	}
	e.tags[name] = image.id
	return nil
}

// Untag implements [engine.Tagger].
func (e *Engine) Untag(ctx context.Context, name string) error {
	if err := e.lock(ctx); err != nil {
		return err
	}
	defer e.mu.Unlock()
	id, tagged := e.tags[name]
	if !tagged {
		return fmt.Errorf("%w: image %s", engine.ErrNotFound, name)
	}
	delete(e.tags, name)
	for _, other := range e.tags {
		if other == id {
			return nil
		}
	}
	for _, c := range e.containers {
		if c.image.id == id {
			return nil
		}
	}
	delete(e.images, id)
	return nil
}
