package runtime

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/moby/sys/atomicwriter"

	"colabtray/internal/config"
	"colabtray/internal/engine"
)

const (
	// askAgain is how long a registry is not asked again for the same image.
	askAgain = 24 * time.Hour
	// maxNews is how much of the file is read, in bytes, and maxImages how many images
	// are remembered.
	maxNews   = 1 << 20
	maxImages = 100
)

// ImageNews remembers in a file what registries have told of images, so that they are
// asked at most once a day, whether the program is restarted meanwhile or not. Nil is
// without news, and nobody is asked. Only one program at a time may ask; others may
// read the file.
type ImageNews struct {
	path string
	log  *slog.Logger

	mu       sync.Mutex
	off      bool
	switched chan struct{}         // closed at the next change of off
	learned  map[string]registered // in this run, in case that the file cannot be written
	failures map[string]string     // by image, what was logged last
}

// registered is what the registry has of an image.
type registered struct {
	Asked  time.Time `json:"asked"`
	Digest string    `json:"digest,omitempty"` // the last one it told
}

// NewImageNews returns what is in the file at path. The file need not exist, but its
// directory must.
func NewImageNews(path string, on bool, log *slog.Logger) *ImageNews {
	return &ImageNews{
		path: path, log: log, off: !on, switched: make(chan struct{}),
		learned: map[string]registered{}, failures: map[string]string{},
	}
}

// Set switches the news on or off.
func (n *ImageNews) Set(on bool) {
	if n == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.off == on {
		n.off = !on
		close(n.switched)
		n.switched = make(chan struct{})
	}
}

// state reports whether the news are on, and returns a channel that is closed when that
// changes.
func (n *ImageNews) state() (on bool, switched <-chan struct{}) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return !n.off, n.switched
}

// newer returns the digest of the image that an update of a container of ours would
// bring; empty if the container has that image, or if it is not known.
func (n *ImageNews) newer(ctx context.Context, e engine.Engine, p config.Profile, c engine.Container) string {
	if n == nil || !canBeNewer(p, c) {
		return ""
	}
	if on, _ := n.state(); !on {
		return ""
	}
	digest := n.known()[fullName(p.Image)].Digest
	if digest == "" {
		return ""
	}
	image, err := e.Image(ctx, c.ImageID, p.Platform)
	if err != nil || len(image.Digests) == 0 || slices.Contains(image.Digests, digest) {
		return ""
	}
	return digest
}

// canBeNewer reports whether an update pulls the image that the container has by name.
func canBeNewer(p config.Profile, c engine.Container) bool {
	return c.Exists && c.Ours() && canMove(p.Image) && fullName(c.Image) == fullName(p.Image)
}

// ask asks the registry of a container's image, if that is due. It reports whether the
// registry told something new, and returns when it may be asked again.
func (n *ImageNews) ask(ctx context.Context, e engine.Engine, p config.Profile, c engine.Container) (news bool, again time.Duration) {
	remote, can := engine.As[engine.RemoteImages](e)
	if !can || !canBeNewer(p, c) {
		return false, askAgain
	}
	if image, err := e.Image(ctx, c.ImageID, p.Platform); err != nil || len(image.Digests) == 0 {
		return false, askAgain // no registry has it
	}
	name := fullName(p.Image)
	before, wait := n.claim(name)
	if wait > 0 {
		return false, wait
	}
	digest, err := remote.RemoteDigest(ctx, p.Image)
	if err != nil {
		n.failed(ctx, name, err)
		return false, askAgain
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.failures, name)
	n.keep(name, registered{time.Now(), digest})
	return digest != before, askAgain
}

// claim remembers that the registry is asked for an image now, and returns the digest
// that it told before. It does so only if wait, the time until the next question, is 0.
func (n *ImageNews) claim(name string) (before string, wait time.Duration) {
	known := n.known()[name]
	n.mu.Lock()
	defer n.mu.Unlock()
	if asked := n.learned[name].Asked; asked.After(known.Asked) {
		known = n.learned[name] // another runtime was quicker
	}
	if since := time.Since(known.Asked); since >= 0 && since < askAgain { // a clock can be wrong
		return known.Digest, askAgain - since
	}
	n.keep(name, registered{time.Now(), known.Digest})
	return known.Digest, 0
}

// failed logs an error once. It does not matter to the person: the registry is asked
// again on another day.
func (n *ImageNews) failed(ctx context.Context, name string, err error) {
	if ctx.Err() != nil || errors.Is(err, engine.ErrLacks) {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.failures[name] != err.Error() {
		n.failures[name] = err.Error()
		n.log.Info("the registry did not tell whether there is a newer image", "image", name, "error", err)
	}
}

// known returns what is known, by image.
func (n *ImageNews) known() map[string]registered {
	all, err := n.read()
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		n.log.Debug("cannot read what registries have told", "file", n.path, "error", err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	maps.Copy(all, n.learned)
	return all
}

func (n *ImageNews) read() (map[string]registered, error) {
	all := map[string]registered{}
	f, err := config.OpenRegular(n.path)
	if err != nil {
		return all, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxNews))
	if err != nil {
		return all, err
	}
	if err := json.Unmarshal(text, &all); err != nil || all == nil {
		return map[string]registered{}, err
	}
	return all, nil
}

// keep remembers what is known of an image. The caller holds the lock.
func (n *ImageNews) keep(name string, now registered) {
	n.learned[name] = now
	all, _ := n.read() // what cannot be read is replaced
	maps.Copy(all, n.learned)
	latest := slices.SortedFunc(maps.Keys(all), func(a, b string) int { return all[b].Asked.Compare(all[a].Asked) })
	for _, old := range latest[min(len(latest), maxImages):] {
		delete(all, old)
	}
	text, _ := json.Marshal(all) // texts and times never fail
	if err := atomicwriter.WriteFile(n.path, text, 0o600); err != nil {
		n.log.Warn("cannot write what registries have told", "file", n.path, "error", err)
	}
}

// newerImage returns the event that tells whether there is a newer image for a
// container.
func (m *Manager) newerImage(ctx context.Context, p config.Profile, c engine.Container, news bool) event {
	return newerImage{digest: m.news.newer(ctx, m.engine(), p, c), news: news}
}

// watchRegistry asks the registry of the image, while the runtime is ready. It returns
// when ctx ends.
func (m *Manager) watchRegistry(ctx context.Context) {
	snapshots := m.Watch(ctx)
	due := time.NewTimer(askAgain)
	due.Stop()
	defer due.Stop()
	var ready string // the container, while the runtime is ready
	on, switched := m.news.state()
	for {
		select {
		case s, open := <-snapshots:
			if !open {
				return
			}
			before := ready
			if ready = ""; s.State == Ready {
				ready = s.Container
			}
			if ready == before {
				continue
			}
		case <-switched:
			on, switched = m.news.state()
			m.post(hint{}) // what is known is told, or no longer
		case <-due.C:
		}
		due.Stop()
		if on && ready != "" {
			due.Reset(m.askRegistry(ctx))
		}
	}
}

// askRegistry asks the registry if that is due, and returns when it may be asked again.
func (m *Manager) askRegistry(ctx context.Context) time.Duration {
	p := m.Profile()
	inspecting, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	c, err := m.engine().Inspect(inspecting, p.Runtime)
	if err != nil {
		return askAgain
	}
	news, again := m.news.ask(ctx, m.engine(), p, c)
	m.post(m.newerImage(ctx, p, c, news))
	return again
}
