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

// Server is what is put into a container of kind "jupyter", so that Jupyter
// serves what Colab needs.
type Server struct {
	// Cmd is the command that starts Jupyter; its last word is the path of one
	// of Files.
	Cmd []string
	// Files are put at / before each start of a container that we made, for
	// its profile.
	Files func(config.Profile) fs.FS
	// HandmadeFiles are put at / of a container that was made by hand, when
	// its owner asks for it.
	HandmadeFiles fs.FS
	// Ours reports whether a file in a container is one of HandmadeFiles, in
	// this version or another.
	Ours func(content []byte) bool
}

// copyServerFiles gives a container of ours the settings of this version, unless it
// has them; another gets them only when its owner asked for that.
func (o *operation) copyServerFiles(ctx context.Context, c engine.Container, putIn bool) error {
	var files fs.FS
	switch {
	case o.profile.Kind == config.KindColab: // brings its own
	case !c.Ours():
		if putIn {
			files = o.server.HandmadeFiles
		}
	case !current(ctx, o.engine, o.server, o.profile, c):
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

// free makes sure that none of the files is there already, unless we put it there.
func (o *operation) free(ctx context.Context, c engine.Container, files fs.FS) error {
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

// current reports whether a container of ours has the files of this version
// and of the profile's settings: to look is much quicker than to put them in
// again.
func current(ctx context.Context, e engine.Engine, server Server, p config.Profile, c engine.Container) bool {
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

// contentTime returns a time that stands for the content of files: a container that
// has them says so by the time of writing alone.
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
	const begin, span = 978307200, 20 * 365 * 24 * 3600 // 2001, and twenty years, in seconds
	return time.Unix(begin+int64(binary.BigEndian.Uint32(sum.Sum(nil))%span), 0)
}
