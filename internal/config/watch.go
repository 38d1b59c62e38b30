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

// Change is the result of a change of the settings file.
type Change struct {
	// Settings are the new settings; the zero value if Err is not nil.
	Settings Settings
	// Err tells why the new settings are invalid. The last valid settings stay in
	// force.
	Err *Error

	revision Revision // that of the settings file, for [Revisions] alone
}

// The file is read quietTime after the last event, because many programs write a
// file in several steps. It is read longest after the first event at the latest, so
// that a program that writes all the time does not delay it for ever.
const (
	quietTime = 100 * time.Millisecond
	longest   = time.Second
)

// Watch returns a channel that yields the current settings, and the new settings
// whenever a change of the settings file or an env_file changes them. Creating,
// deleting or replacing a file is a change as well. A slow receiver gets only the
// newest change. The channel is closed when ctx ends.
//
// Watch does not poll. It watches directories instead of files, because most
// editors replace a file.
func Watch(ctx context.Context, from Sources) <-chan Change {
	out := make(chan Change, 1)
	w := &fileWatcher{from: from, out: out}
	go func() {
		defer close(out)
		w.run(ctx)
	}()
	return out
}

// Revisions returns a channel that yields the revision of the settings file, and each
// new one, also of a change of a comment. Otherwise it is like [Watch].
func Revisions(ctx context.Context, path string) <-chan Revision {
	out := make(chan Revision, 1)
	w := &fileWatcher{from: Sources{File: path}, out: make(chan Change, 1), revisions: true}
	go func() {
		defer close(w.out)
		w.run(ctx)
	}()
	go func() {
		defer close(out)
		for change := range w.out {
			select {
			case out <- change.revision:
			case <-ctx.Done():
			}
		}
	}()
	return out
}

// fileWatcher reloads the settings when their files change.
type fileWatcher struct {
	from     Sources
	out      chan Change
	last     *Change // the last change that was sent
	envFiles []string
	// revisions tells that a change of the text is a change of the settings, too.
	revisions bool

	watcher *fsnotify.Watcher
	names   []string // paths whose events cause a reload
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
	var since time.Time // when the first event since the last reload came; zero if none came
	reloadSoon := func() {
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
				reloadSoon()
			}
		case _, open := <-faults: // events may be lost
			if open {
				reloadSoon()
			}
		case <-timer.C:
			since = time.Time{}
			w.reload(nil)
		}
	}
}

// reload updates the watches, loads the settings and publishes a change. It watches
// before it loads, so that a change while it loads causes an event.
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
			continue // watch the new env_files before they are read
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
		if w.revisions {
			change.revision = content.revision
		}
		w.publish(change)
		return
	}
}

// publish sends a change if it differs from the last one. It replaces a change that
// was not received.
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

// follow watches the directories that contain the files and the symbolic links on
// the way to the files. For a file that does not exist it watches the nearest
// directory that exists.
func (w *fileWatcher) follow() error {
	for {
		names, dirs := w.allWatchedPaths()
		var failed error
		for _, dir := range w.watcher.WatchList() {
			if !slices.Contains(dirs, dir) {
				_ = w.watcher.Remove(dir) // fails if the directory is gone
			}
		}
		for _, dir := range dirs { // again also if it is watched: another directory may have its name now
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

// allWatchedPaths returns the watched paths of all files; names includes dirs.
func (w *fileWatcher) allWatchedPaths() (names, dirs []string) {
	for _, path := range append([]string{w.from.File}, w.envFiles...) {
		if path != "" {
			n, d := watchedPaths(path)
			names, dirs = append(names, n...), append(dirs, d...)
		}
	}
	return append(names, dirs...), dirs
}

// watchedPaths returns the paths to watch in order to notice every change of a file.
// The names are the file, each symbolic link on the way to the file, and the first
// part of the path that does not exist. The dirs are the directories that contain
// the names. All are free of symbolic links in their directories, as in the events
// of fsnotify.
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
