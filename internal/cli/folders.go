package cli

import (
	"context"
	"fmt"

	"colabtray/internal/config"
	"colabtray/internal/i18n"
)

// keepFolders writes the folders of the flag --folder into the settings file: the next
// start, by the tray perhaps, is to have them, too. It asks before it adds a folder for
// which there is a question.
func (in *invocation) keepFolders(ctx context.Context, p config.Profile, local bool, question func(config.Folder) string) error {
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
		if text := question(f); text != "" {
			if err := in.confirm(ctx, text, i18n.T("question.folder"), text); err != nil {
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
	question := func(f config.Folder) string { return s.Runtime.FolderQuestion(ctx, f) }
	return in.keepFolders(ctx, s.Profile, now.Engine.Local, question)
}

// tellFoldersWait says that a container which was there before does not have the new
// folders yet.
func (in *invocation) tellFoldersWait(s *Session) {
	if _, given := in.flags["folders"]; given && s.Runtime.Snapshot().RestartToApply {
		fmt.Fprintln(in.Stderr, i18n.T("cli.restartToApply", "command", s.Profile.CommandLine("restart")))
	}
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
