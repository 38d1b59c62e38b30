package config

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"colabtray/internal/i18n"

	"github.com/fsnotify/fsnotify"
)

// Change is what a change of the settings file came to.
type Change struct {
	// Settings are those that are in force now; only without an error.
	Settings Settings
	// Err tells why there are no new settings: the last good ones stay.
	Err *Error
}

// How long after an event the file is read: many a program writes it in
// several steps, and one that never ends should not be waited for.
const (
	quietTime = 100 * time.Millisecond
	longest   = time.Second
)

// Watch gives the settings as they are, and anew whenever the settings file or
// an env_file has changed them, also by coming, going, or being replaced. The
// newest wins: what was not received in time is left out. The channel is closed
// when the context ends.
//
// Nothing happens while the files are quiet: directories are watched, not files,
// because most editors replace a file.
func Watch(ctx context.Context, from Sources) <-chan Change {
	out := make(chan Change, 1)
	w := &fileWatcher{from: from, out: out}
	go func() {
		defer close(out)
		w.run(ctx)
	}()
	return out
}

// fileWatcher follows the settings.
type fileWatcher struct {
	from     Sources
	out      chan Change
	last     *Change // that was put into out
	envFiles []string

	watcher *fsnotify.Watcher
	names   []string // what an event has to be about
}

func (w *fileWatcher) run(ctx context.Context) {
	var events <-chan fsnotify.Event
	var faults <-chan error
	watcher, err := fsnotify.NewWatcher()
	if err == nil {
		defer watcher.Close()
		w.watcher, events, faults = watcher, watcher.Events, watcher.Errors
	}
	w.reload(err)
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	var since time.Time // of the first event that was not looked at; zero for none
	wait := func() {
		now := time.Now()
		if since.IsZero() {
			since = now
		}
		timer.Reset(min(quietTime, max(0, longest-now.Sub(since))))
	}
	for {
		select {
		case <-ctx.Done():
			return
		case event, open := <-events:
			if open && slices.Contains(w.names, filepath.Clean(event.Name)) {
				wait()
			}
		case _, open := <-faults: // events were lost, most likely
			if open {
				wait()
			}
		case <-timer.C:
			since = time.Time{}
			w.reload(nil)
		}
	}
}

// reload watches what there is to watch, loads the settings, and tells what is
// new. It watches before it loads: what changes meanwhile is an event then.
func (w *fileWatcher) reload(err error) {
	for {
		if err == nil {
			err = w.follow()
		}
		content, loadErr := readFile(w.from.File)
		var change Change
		if loadErr == nil {
			change.Settings, loadErr = content.settings(w.from)
		}
		if err == nil && !slices.Equal(content.envFiles, w.envFiles) {
			w.envFiles = content.envFiles
			continue // watch these before they are read
		}
		if loadErr == nil && err != nil {
			loadErr = &Error{
				File: w.from.File, Short: i18n.T("config.cannotFollow", "cause", cause(err)),
				Hint: i18n.T("config.cannotFollowHint"),
			}
		}
		if loadErr != nil {
			change = Change{}
			errors.As(loadErr, &change.Err)
		}
		w.publish(change)
		return
	}
}

// publish puts what is new into the channel, in the place of what was not received.
func (w *fileWatcher) publish(change Change) {
	if w.last != nil && reflect.DeepEqual(*w.last, change) {
		return
	}
	w.last = &change
	select {
	case <-w.out:
	default:
	}
	w.out <- change
}

// follow watches the directories that the files are in, and the links on the
// way to them. Of what is not there the nearest directory is watched, until it
// comes.
func (w *fileWatcher) follow() error {
	for {
		names, dirs := w.allWatchedPaths()
		var failed error
		for _, dir := range w.watcher.WatchList() {
			if !slices.Contains(dirs, dir) {
				_ = w.watcher.Remove(dir) // which may be gone
			}
		}
		for _, dir := range dirs { // those that are watched as well: it may be another one by now
			if err := w.watcher.Add(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
				failed = err
			}
		}
		w.names = names
		if again, _ := w.allWatchedPaths(); slices.Equal(again, names) {
			return failed
		}
	}
}

// allWatchedPaths returns the trail of each file.
func (w *fileWatcher) allWatchedPaths() (names, dirs []string) {
	for _, path := range append([]string{w.from.File}, w.envFiles...) {
		if path != "" {
			n, d := watchedPaths(path)
			names, dirs = append(names, n...), append(dirs, d...)
		}
	}
	return append(names, dirs...), dirs
}

// watchedPaths returns what has to be looked at to notice each change of a file: the
// file, each link on the way to it, or what is missing; and the directories
// they are in, as they are without links, because that is how events name them.
func watchedPaths(path string) (names, dirs []string) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, nil
	}
	root := filepath.VolumeName(path) + string(filepath.Separator)
	parts := func(path string) []string {
		return strings.FieldsFunc(path, func(r rune) bool { return r < 0x80 && os.IsPathSeparator(uint8(r)) })
	}
	dir, rest := root, parts(path[len(root):])
	for links := 0; len(rest) > 0; {
		name := filepath.Join(dir, rest[0])
		rest = rest[1:]
		info, err := os.Lstat(name)
		if err == nil && info.IsDir() && len(rest) > 0 {
			dir = name
			continue
		}
		names, dirs = append(names, name), append(dirs, dir)
		if err != nil || info.Mode().Type() != fs.ModeSymlink || links == maxLinks {
			break
		}
		target, err := os.Readlink(name)
		if err != nil {
			break
		}
		links++
		if filepath.IsAbs(target) {
			dir = filepath.VolumeName(target) + string(filepath.Separator)
			target = target[len(dir):]
		}
		rest = append(parts(target), rest...)
	}
	return names, dirs
}
