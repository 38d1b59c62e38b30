package app

import (
	"context"
	"errors"

	"colabtray/internal/config"
	"colabtray/internal/desktop"
	"colabtray/internal/i18n"
	"colabtray/internal/problem"
)

// AddFolder lets the person choose a folder and adds it to a profile. What few people
// mean to open is added in the guide alone, which asks.
func (s *fleetSession) AddFolder(ctx context.Context, profile string) (short, hint string, err error) {
	host, err := desktop.ChooseFolder(ctx, i18n.T("folders.choose", "profile", profile))
	if err != nil || host == "" {
		return "", "", err
	}
	return s.addChosen(ctx, profile, host)
}

// addChosen adds a folder that the person has chosen.
func (s *fleetSession) addChosen(ctx context.Context, profile, host string) (short, hint string, err error) {
	m, err := s.fleet.Manager(profile)
	if err != nil {
		return "", "", err
	}
	f, wrong, hint := config.ParseFolder(host)
	if wrong == "" {
		wrong, hint = m.FolderQuestion(ctx, f), i18n.T("folders.inGuide")
	}
	if wrong != "" {
		return "", "", folderProblem(wrong, hint)
	}
	if err := config.AddFolder(s.settings.File(), profile, f); err != nil {
		if wrong := (*config.Error)(nil); errors.As(err, &wrong) {
			return "", "", folderProblem(wrong.Short, wrong.Hint)
		}
		return "", "", err
	}
	hint = i18n.T("folders.nextStart")
	if m.Snapshot().Container != "" {
		hint = i18n.T("folders.restart")
	}
	return i18n.T("folders.added", "folder", i18n.Line(f.Host)), hint, nil
}

// folderProblem returns the problem that a folder cannot be added.
func folderProblem(wrong, hint string) *problem.Problem {
	return &problem.Problem{Code: problem.Settings, Short: i18n.T("folders.notAdded"), Hint: i18n.Sentences(i18n.Sentence(wrong), hint)}
}
