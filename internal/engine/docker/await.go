package docker

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fsnotify/fsnotify"
)

// Await implements [engine.Finder].
func (d *Engine) Await(ctx context.Context) { d.await(ctx, func() {}) }

// await watches the directories of the sockets, and the docker configuration, which can
// name another engine at any time. It calls watches once the watch has begun.
func (d *Engine) await(ctx context.Context, watches func()) {
	awaited := d.awaited()
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		<-ctx.Done()
		return
	}
	defer watcher.Close()
	for _, path := range awaited {
		_ = watcher.Add(filepath.Dir(path)) // fails when the directory does not exist
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

// awaited returns the paths that decide where an engine is: the sockets that are tried,
// the targets of those that are symbolic links, and the docker configuration.
func (d *Engine) awaited() []string {
	hosts := []string{d.Host()}
	paths := []string{filepath.Join(dockerConfigDir(), "config.json")}
	if d.finder != nil {
		if all, err := endpoints(d.finder.environment()); err == nil {
			for _, p := range all {
				hosts = append(hosts, p.host)
			}
		}
	}
	for _, host := range hosts {
		socket, isSocket := strings.CutPrefix(host, "unix://")
		if !isSocket {
			continue
		}
		paths = append(paths, socket)
		if target, err := os.Readlink(socket); err == nil && filepath.IsAbs(target) {
			paths = append(paths, target) // as with Docker Desktop
		}
	}
	return paths
}
