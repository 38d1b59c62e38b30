package runtime

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/i18n"
)

// Server has the command and the files for a container of kind "jupyter", so that
// Jupyter serves what Colab needs.
type Server struct {
	// Cmd is the command that starts Jupyter. Its last word is the path of one of
	// Files.
	Cmd []string
	// Files returns the files for a profile. They are copied to / before each start
	// of a container of ours.
	Files func(config.Profile) fs.FS
	// HandmadeFiles are copied to / of a container that was created by hand, if its
	// owner asks for that.
	HandmadeFiles fs.FS
	// Ours reports whether a file in a container is one of HandmadeFiles, of any
	// version.
	Ours func(content []byte) bool
}

// copyServerFiles copies the server files into a container of ours, unless it has
// them. A container that is not ours gets HandmadeFiles if intoHandmade is true, and
// nothing otherwise.
func (o *operation) copyServerFiles(ctx context.Context, c engine.Container, intoHandmade bool) error {
	var files fs.FS
	switch {
	case o.profile.Kind == config.KindColab: // the image has its own settings
	case !c.Ours():
		if intoHandmade {
			files = o.server.HandmadeFiles
		}
	case !hasServerFiles(ctx, o.engine, o.server, o.profile, c):
		files = o.server.Files(o.profile)
	}
	if files == nil {
		return nil
	}
	if err := o.engine.Put(ctx, c.ID, files, contentTime(files)); err != nil {
		return fmt.Errorf("%s: %w", i18n.T("problem.settingsNotPut"), err)
	}
	return nil
}

// checkFree returns a problem if the container has one of the files already and the
// file is not ours.
func (o *operation) checkFree(ctx context.Context, c engine.Container, files fs.FS) error {
	return fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		archive, err := o.engine.Get(ctx, c.ID, "/"+path)
		if errors.Is(err, engine.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		defer archive.Close()
		content, err := engine.ReadFile(archive)
		if err == nil && !o.server.Ours(content) {
			err = occupiedProblem(c, "/"+path, o.info.Command)
		}
		return err
	})
}

// hasServerFiles reports whether a container of ours has the server files of this
// version for the profile. To check is much faster than to copy the files again. It
// returns true for a container that gets no server files.
func hasServerFiles(ctx context.Context, e engine.Engine, server Server, p config.Profile, c engine.Container) bool {
	if server.Files == nil || p.Kind == config.KindColab || !c.Ours() {
		return true
	}
	archive, err := e.Get(ctx, c.ID, server.Cmd[len(server.Cmd)-1])
	if err != nil {
		return false
	}
	defer archive.Close()
	file, err := tar.NewReader(archive).Next()
	return err == nil && file.ModTime.Equal(contentTime(server.Files(p)))
}

// currentFiles identifies server files that are those of this version and of a profile.
type currentFiles struct {
	container string
	started   time.Time // of the run
	content   time.Time
}

// filesAreCurrent is [hasServerFiles] for a container that runs. It remembers that a run
// has current files, because they are only copied before a start, and inspections are
// frequent. Only one inspection calls it at a time.
func (m *Manager) filesAreCurrent(ctx context.Context, p config.Profile, c engine.Container) bool {
	if m.server.Files == nil {
		return true
	}
	files := currentFiles{c.ID, c.StartedAt, contentTime(m.server.Files(p))}
	if m.currentFiles == files {
		return true
	}
	current := hasServerFiles(ctx, m.engine(), m.server, p, c)
	if current {
		m.currentFiles = files
	}
	return current
}

// contentTime returns a time derived from a hash of the files' content. The copied
// files have it as their modification time, so that one look at it tells which
// content a container has.
func contentTime(files fs.FS) time.Time {
	sum := sha256.New()
	_ = fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == "." {
			return err
		}
		sum.Write([]byte(path))
		if !entry.IsDir() {
			content, err := fs.ReadFile(files, path)
			if err != nil {
				return err
			}
			sum.Write(content)
		}
		return nil
	})
	const begin, span = 978307200, 20 * 365 * 24 * 3600 // the start of 2001 as Unix time, and twenty years in seconds
	return time.Unix(begin+int64(binary.BigEndian.Uint32(sum.Sum(nil))%span), 0)
}
