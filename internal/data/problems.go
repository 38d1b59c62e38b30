package data

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"colabtray/internal/backup"
	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/i18n"
	"colabtray/internal/problem"
)

// BusyProblem tells that other work on the data is in progress.
func BusyProblem(p config.Profile) *problem.Problem {
	return &problem.Problem{
		Code:  problem.Busy,
		Short: i18n.T("problem.busy", "runtime", p.Runtime),
		Hint:  i18n.T("problem.busyHint"),
	}
}

// helperRunsProblem tells that a helper changes the data and does not end.
func helperRunsProblem(p config.Profile, helper string, waited time.Duration, cli string) *problem.Problem {
	return &problem.Problem{
		Code:    problem.Busy,
		Short:   i18n.T("problem.busy", "runtime", p.Runtime),
		Hint:    i18n.T("problem.helperRunsHint", "container", helper, "minutes", int(waited.Minutes())),
		Command: cli + " logs " + helper,
	}
}

func backupDirProblem(dir string, err error) *problem.Problem {
	return &problem.Problem{
		Code:  problem.BackupFailed,
		Short: i18n.T("problem.backupDir"),
		Hint:  i18n.T("problem.backupDirHint", "dir", dir, "cause", i18n.FullStop(i18n.Error(err))),
		Err:   err,
	}
}

// volumeInUseProblem tells that other containers use the volume.
func volumeInUseProblem(p config.Profile, users []string, cli string) *problem.Problem {
	return &problem.Problem{
		Code:    problem.DataInUse,
		Short:   i18n.T("problem.dataInUse", "runtime", p.Runtime),
		Hint:    i18n.T("problem.dataInUseHint", "volume", p.Volume(), "containers", engine.JoinNames(users)),
		Command: cli + " ps --all --filter volume=" + p.Volume(),
	}
}

// undeletedProblem tells that nothing was deleted because the backup failed.
func undeletedProblem(p config.Profile, data bool, err error) *problem.Problem {
	args := []string{"delete", "--no-backup"}
	if data {
		args = []string{"delete", "--data", "--no-backup"}
	}
	return &problem.Problem{
		Code:    problem.BackupFailed,
		Short:   i18n.T("problem.undeleted"),
		Hint:    i18n.T("problem.undeletedHint", "cause", cause(err)),
		Command: p.CommandLine(args[0], args[1:]...),
		Err:     err,
	}
}

// unsavedProblem tells that the data were not replaced because their backup failed.
func unsavedProblem(err error) *problem.Problem {
	return &problem.Problem{
		Code:  problem.BackupFailed,
		Short: i18n.T("problem.unsaved"),
		Hint:  i18n.T("problem.unsavedHint", "cause", cause(err)),
		Err:   err,
	}
}

// unrescuedProblem tells that a container was not removed because its files could not
// be copied into the volume.
func unrescuedProblem(p config.Profile, c engine.Container, err error) *problem.Problem {
	return &problem.Problem{
		Code:    problem.BackupFailed,
		Short:   i18n.T("problem.unrescued"),
		Hint:    i18n.T("problem.unrescuedHint", "container", c.Name, "volume", p.Volume(), "cause", cause(err)),
		Command: p.CommandLine("delete", "--no-backup"),
		Err:     err,
	}
}

// cause returns the text of an error as a sentence, with the hint of a problem.
func cause(err error) string {
	var p *problem.Problem
	if errors.As(err, &p) {
		return i18n.Sentences(p.Short, p.Hint)
	}
	return i18n.FullStop(engine.ErrorText(err))
}

// noSpaceProblem tells that the disk has too little free space for the content of a
// backup beside the data.
func noSpaceProblem(p config.Profile, need, free int64, cli string) *problem.Problem {
	return &problem.Problem{
		Code:    problem.DiskFull,
		Short:   i18n.T("problem.noRoom"),
		Hint:    i18n.T("problem.noRoomHint", "need", need>>20, "volume", p.Volume(), "free", free>>20),
		Command: cli + " system df",
	}
}

func noDataProblem(p config.Profile) *problem.Problem {
	return &problem.Problem{
		Code:    problem.NoData,
		Short:   i18n.T("problem.noData", "runtime", p.Runtime),
		Hint:    i18n.T("problem.noDataHint", "volume", p.Volume()),
		Command: p.CommandLine("start"),
	}
}

// fileProblem tells that a backup's file could not be written or read.
func fileProblem(file string, err error) *problem.Problem {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return &problem.Problem{
		Code:  problem.BackupFailed,
		Short: i18n.T("problem.backupFile"),
		Hint:  i18n.Line(fmt.Sprintf("%s: %s", file, i18n.FullStop(i18n.Error(err)))),
		Err:   err,
	}
}

func fileExistsProblem(file string) *problem.Problem {
	return &problem.Problem{
		Code:  problem.FileExists,
		Short: i18n.T("problem.fileExists"),
		Hint:  i18n.T("problem.fileExistsHint", "file", file),
	}
}

func changingProblem(p config.Profile, err error) *problem.Problem {
	return &problem.Problem{
		Code:    problem.BackupFailed,
		Short:   i18n.T("problem.changing"),
		Hint:    i18n.T("problem.changingHint"),
		Command: p.CommandLine("stop"),
		Err:     err,
	}
}

func unverifiedProblem(err error) *problem.Problem {
	return &problem.Problem{
		Code:  problem.BackupFailed,
		Short: i18n.T("problem.unverified"),
		Hint:  i18n.T("problem.unverifiedHint", "cause", i18n.FullStop(i18n.Error(err))),
		Err:   err,
	}
}

func noBackupProblem(p config.Profile, dir string) *problem.Problem {
	return &problem.Problem{
		Code:  problem.NoBackup,
		Short: i18n.T("problem.noBackup", "runtime", p.Runtime),
		Hint:  i18n.T("problem.noBackupHint", "dir", dir),
	}
}

func unreadableProblem(file string, err error) *problem.Problem {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return &problem.Problem{
		Code:  problem.BadBackup,
		Short: i18n.T("problem.unreadable"),
		Hint:  i18n.Line(fmt.Sprintf("%s: %s", file, i18n.FullStop(i18n.Error(err)))),
		Err:   err,
	}
}

// badBackupProblem tells why a file is not restored.
func badBackupProblem(p config.Profile, file string, err error) *problem.Problem {
	var refused *backup.Refused
	if !errors.As(err, &refused) {
		return unreadableProblem(file, err)
	}
	problem := &problem.Problem{
		Code:  problem.BadBackup,
		Short: i18n.T("problem.badBackup"),
		Hint:  i18n.T("problem.badBackupHint", "file", file, "why", refused.Why),
		Err:   err,
	}
	if refused.Large {
		problem.Hint = i18n.T("problem.badBackupLargeHint", "file", file, "why", refused.Why)
		problem.Command = p.CommandLine("restore", "--large", file)
	}
	return problem
}

// NotEmptyProblem tells that the volume is not empty, and is not replaced without a
// confirmation.
func NotEmptyProblem(p config.Profile) *problem.Problem {
	return &problem.Problem{
		Code:    problem.NotEmpty,
		Short:   i18n.T("problem.notEmpty"),
		Hint:    i18n.T("problem.notEmptyHint", "volume", p.Volume()),
		Command: p.CommandLine("restore"),
	}
}

// unmovedProblem tells that the old data could not be moved away, and are in place
// again.
func unmovedProblem(p config.Profile, err error) *problem.Problem {
	return &problem.Problem{
		Code:  problem.EngineFailed,
		Short: i18n.T("problem.unmoved"),
		Hint:  i18n.T("problem.unmovedHint", "volume", p.Volume()),
		Err:   err,
	}
}

// unfinishedProblem tells that a restore was interrupted; the next operation finishes
// or undoes it.
func unfinishedProblem(p config.Profile, err error) *problem.Problem {
	return &problem.Problem{
		Code:    problem.EngineFailed,
		Short:   i18n.T("problem.unfinished"),
		Hint:    i18n.T("problem.unfinishedHint", "cause", i18n.FullStop(engine.ErrorText(err))),
		Command: p.CommandLine("start"),
		Err:     err,
	}
}

// StartedAgainProblem tells that somebody started the runtime during a restore.
func StartedAgainProblem(c engine.Container) *problem.Problem {
	return &problem.Problem{
		Code:    problem.Cancelled,
		Short:   i18n.T("problem.startedAgain"),
		Hint:    i18n.T("problem.startedAgainHint"),
		Command: "colab-tray stop --name " + config.ShellWord(c.Name),
	}
}

// Problem makes a problem of an error. When ctx has ended, it returns the error of ctx.
func (d *Store) Problem(ctx context.Context, err error) error {
	var p *problem.Problem
	switch {
	case err == nil:
		return nil
	case errors.As(err, &p):
		return p
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return engine.OperationProblem(d.Profile, d.Info(), err)
}

// unlessCancelled returns the problem, or err when ctx has ended.
func unlessCancelled(ctx context.Context, err error, p *problem.Problem) error {
	if ctx.Err() != nil {
		return err
	}
	return p
}

// DeclinedProblem tells that a person declined the restore.
func DeclinedProblem() *problem.Problem {
	return &problem.Problem{Code: problem.Cancelled, Short: i18n.T("problem.declined")}
}
