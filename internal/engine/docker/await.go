package docker

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fsnotify/fsnotify"
)

// Await implements [Finder].
func (d *Engine) Await(ctx context.Context) { d.await(ctx, func() {}) }

// await watches sockets through their directories, and the docker configuration,
// which can lead elsewhere at any time. It calls watches once it does.
func (d *Engine) await(ctx context.Context, watches func()) {
	awaited := d.awaited()
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		<-ctx.Done()
		return
	}
	defer watcher.Close()
	for _, path := range awaited {
		_ = watcher.Add(filepath.Dir(path)) // which may not be there
	}
	watches()
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-watcher.Events:
			if slices.Contains(awaited, e.Name) && !e.Has(fsnotify.Remove) {
				return
			}
		case <-watcher.Errors:
		}
	}
}

// awaited returns the paths that tell where an engine is: those of the sockets
// that are tried, with what links lead to, and the docker configuration.
func (d *Engine) awaited() []string {
	hosts := []string{d.Host()}
	paths := []string{filepath.Join(dockerConfigDir(), "config.json")}
	if d.finder != nil {
		if all, err := endpoints(d.finder.look()); err == nil {
			for _, p := range all {
				hosts = append(hosts, p.host)
			}
		}
	}
	for _, host := range hosts {
		socket, is := strings.CutPrefix(host, "unix://")
		if !is {
			continue
		}
		paths = append(paths, socket)
		if to, err := os.Readlink(socket); err == nil && filepath.IsAbs(to) {
			paths = append(paths, to) // as that of Docker Desktop
		}
	}
	return paths
}
