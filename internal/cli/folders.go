package cli

import (
	"context"
	"fmt"

	"colabtray/internal/config"
	"colabtray/internal/i18n"
)

// keepFolders writes the folders of the flag --folder into the settings file: the next
// start, by the tray perhaps, is to have them, too. It asks before it opens a folder
// that few people mean to.
func (in *invocation) keepFolders(ctx context.Context, p config.Profile, local bool) error {
	given, err := in.flags.Folders()
	if err != nil || given == nil {
		return err
	}
	file := config.File()
	kept, err := config.Load(config.Sources{File: file})
	if err != nil {
		return err
	}
	for _, f := range given {
		if kept.Profiles[p.Name].HasFolder(f) {
			continue
		}
		if local {
			if short, hint := config.CheckFolder(f.Host); short != "" {
				return &config.Error{Key: "--folder", Short: short, Hint: hint}
			}
		}
		if exposes := f.Exposes(); exposes != "" {
			if err := in.confirm(ctx, f.ExposesText(exposes), i18n.T("question.folder")); err != nil {
				return err
			}
		}
		if err := config.AddFolder(file, p.Name, f); err != nil {
			return err
		}
		fmt.Fprintln(in.Stderr, i18n.T("cli.folderKept", "folder", f.Host, "profile", p.Name, "file", file))
	}
	return nil
}

// keepFoldersOf is keepFolders for a session.
func (in *invocation) keepFoldersOf(ctx context.Context, s *Session) error {
	if _, given := in.flags["folders"]; !given {
		return nil
	}
	now, err := s.settled(ctx)
	if err != nil {
		return err
	}
	return in.keepFolders(ctx, s.Profile, now.Engine.Local)
}

// folders are those of a session's runtime in the settings file.
type folders struct{ s *Session }

// List implements [guide.Folders].
func (f folders) List() ([]config.Folder, error) {
	settings, err := config.Load(config.Sources{File: config.File()})
	return settings.Profiles[f.s.Runtime.Profile().Name].Folders, err
}

// Add implements [guide.Folders].
func (f folders) Add(folder config.Folder) error {
	return f.change(config.AddFolder(config.File(), f.s.Runtime.Profile().Name, folder))
}

// Remove implements [guide.Folders].
func (f folders) Remove(host string) error {
	return f.change(config.RemoveFolder(config.File(), f.s.Runtime.Profile().Name, host))
}

// change puts the folders of the settings file into force for the runtime: only the
// tray follows the file.
func (f folders) change(err error) error {
	if err != nil {
		return err
	}
	all, err := f.List()
	if err != nil {
		return err
	}
	p := f.s.Runtime.Profile()
	p.Folders = all
	f.s.Runtime.SetProfile(p)
	return nil
}
