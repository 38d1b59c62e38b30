package data

import (
	"errors"
	"io/fs"
	"strings"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/i18n"
	"colabtray/internal/problem"
)

func copyProblem(code problem.Code, short, hint string, err error) *problem.Problem {
	return &problem.Problem{Code: code, Short: i18n.Line(short), Hint: i18n.Line(hint), Err: err}
}

// notMountedProblem tells that the container does not use the runtime's volume.
func notMountedProblem(p config.Profile) *problem.Problem {
	return copyProblem(problem.NoData, i18n.T("problem.copyNoVolume", "runtime", p.Runtime), i18n.T("problem.copyNoVolumeHint", "volume", p.Volume()), nil)
}

// inFolderProblem tells that a path is in a folder of this computer.
func inFolderProblem(f config.Folder, name string) *problem.Problem {
	return copyProblem(problem.CopyFailed, i18n.T("problem.copyInFolder", "path", name), i18n.T("problem.copyInFolderHint", "folder", f.Host), nil)
}

func outsideVolumeProblem(p config.Profile, name string, mounts []string) *problem.Problem {
	return copyProblem(problem.CopyFailed, i18n.T("problem.copyOutside", "path", name),
		i18n.T("problem.copyOutsideHint", "volume", p.Volume(), "dirs", strings.Join(mounts, ", ")), nil)
}

func linkOutsideProblem(name string) *problem.Problem {
	return copyProblem(problem.CopyFailed, i18n.T("problem.copyOutside", "path", name), i18n.T("problem.copyLinkHint"), nil)
}

func noFileProblem(name string) *problem.Problem {
	return copyProblem(problem.NoFile, i18n.T("problem.noFile", "path", name), i18n.T("problem.noFileHint"), nil)
}

func specialFileProblem(name string) *problem.Problem {
	return copyProblem(problem.CopyFailed, i18n.T("problem.copySpecial", "path", name), i18n.T("problem.copySpecialHint"), nil)
}

// mismatchProblem tells that a file is in the place of a folder, or the other way round.
func mismatchProblem(name string) *problem.Problem {
	return copyProblem(problem.FileExists, i18n.T("problem.copyMismatch", "path", name), i18n.T("problem.copyMismatchHint"), nil)
}

// takenProblem tells that two files have one name on this computer.
func takenProblem(name string) *problem.Problem {
	return copyProblem(problem.CopyFailed, i18n.T("problem.copyTwice", "path", name), i18n.T("problem.copyTwiceHint"), nil)
}

// badEntryProblem tells that a name in an archive leads out of it, or makes no sense.
func badEntryProblem(name string) *problem.Problem {
	return copyProblem(problem.CopyFailed, i18n.T("problem.copyBadEntry"), i18n.T("problem.copyBadEntryHint", "path", name), nil)
}

func changedProblem(p config.Profile, err error) *problem.Problem {
	c := copyProblem(problem.CopyFailed, i18n.T("problem.copyChanged"), i18n.T("problem.copyChangedHint"), err)
	c.Command = p.CommandLine("stop")
	return c
}

func badArchiveProblem(err error) *problem.Problem {
	return copyProblem(problem.CopyFailed, i18n.T("problem.copyBadArchive"), i18n.FullStop(i18n.Error(err)), err)
}

func shortFileProblem(name string) *problem.Problem {
	return copyProblem(problem.CopyFailed, i18n.T("problem.copyShort", "path", name), i18n.T("problem.copyShortHint"), nil)
}

// hostProblem tells that a file of this computer could not be read or written.
func hostProblem(name string, err error) error {
	var p *problem.Problem
	if errors.As(err, &p) {
		return p
	}
	if errors.Is(err, fs.ErrNotExist) {
		return noFileProblem(name)
	}
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	return copyProblem(problem.CopyFailed, i18n.T("problem.copyHost", "path", name), i18n.FullStop(i18n.Error(err)), err)
}

// hostError is [hostProblem]; nil stays nil, and so does what came of the engine.
func hostError(name string, err error) error {
	if err == nil || errors.Is(err, engine.ErrChanged) || errors.Is(err, engine.ErrUnreachable) {
		return err
	}
	return hostProblem(name, err)
}
