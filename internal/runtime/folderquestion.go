package runtime

import (
	"archive/tar"
	"context"
	"errors"
	"slices"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/i18n"
)

// FolderQuestion returns what the person is to know before a folder is added to the
// profile: what it opens that few people mean to, and that it would hide files of the
// runtime. It is empty for an ordinary folder.
func (m *Manager) FolderQuestion(ctx context.Context, f config.Folder) string {
	var known []string
	exposes := f.Question
	if m.Profile().OnOtherMachine() || m.link.Info().Elsewhere() != "" {
		exposes = f.QuestionElsewhere
	}
	if text := exposes(); text != "" {
		known = append(known, text)
	}
	with, _, _ := m.Profile().WithFolder(f)
	if i := slices.IndexFunc(with.Folders, func(g config.Folder) bool { return g.Host == f.Host }); i >= 0 {
		path := with.Folders[i].Path
		hides, err := m.hasFilesAt(ctx, path)
		if err != nil {
			m.log.Info("it is not known what a folder would hide", "path", path, "error", err)
		}
		if hides {
			known = append(known, i18n.T("config.wouldHide", "path", path))
		}
	}
	return i18n.Sentences(known...)
}

// hasFilesAt reports whether the container has files at a path, beside those of the
// folders that are there already.
func (m *Manager) hasFilesAt(ctx context.Context, path string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	c, err := m.engine().Inspect(ctx, m.runtime)
	mounted := func(g config.Folder) bool { return engine.Within(g.Path, path) }
	if err != nil || !c.Exists || slices.ContainsFunc(c.Effective.Folders, mounted) {
		return false, err
	}
	archive, err := m.engine().Get(ctx, c.ID, path)
	if errors.Is(err, engine.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer archive.Close()
	in := tar.NewReader(archive)
	top, err := in.Next()
	if err != nil || top.Typeflag != tar.TypeDir {
		return err == nil, err
	}
	_, err = in.Next() // an entry in the directory
	return err == nil, nil
}
