package data

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"colabtray/internal/backup"
	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/problem"
	"colabtray/internal/words"
)

// busyProblem tells that other work on the data is going on.
func busyProblem(p config.Profile) *problem.Problem {
	return &problem.Problem{
		Code:  problem.CodeBusy,
		Short: words.Say("problem.busy", "runtime", p.Runtime),
		Hint:  words.Say("problem.busyHint"),
	}
}

// helperRunsProblem tells that a helper works on the data, and does not end.
func helperRunsProblem(p config.Profile, helper string, waited time.Duration, cli string) *problem.Problem {
	return &problem.Problem{
		Code:    problem.CodeBusy,
		Short:   words.Say("problem.busy", "runtime", p.Runtime),
		Hint:    words.Say("problem.helperRunsHint", "container", helper, "minutes", int(waited.Minutes())),
		Command: cli + " logs " + helper,
	}
}

func backupDirProblem(dir string, err error) *problem.Problem {
	return &problem.Problem{
		Code:  problem.CodeBackupFailed,
		Short: words.Say("problem.backupDir"),
		Hint:  words.Say("problem.backupDirHint", "dir", dir, "cause", words.FullStop(words.Error(err))),
		Err:   err,
	}
}

// volumeInUseProblem tells that other containers use the data.
func volumeInUseProblem(p config.Profile, users []string, cli string) *problem.Problem {
	return &problem.Problem{
		Code:    problem.CodeDataInUse,
		Short:   words.Say("problem.dataInUse", "runtime", p.Runtime),
		Hint:    words.Say("problem.dataInUseHint", "volume", p.Volume(), "containers", engine.Listed(users)),
		Command: cli + " ps --all --filter volume=" + p.Volume(),
	}
}

// undeletedProblem tells that data were not deleted because they could not be
// backed up.
func undeletedProblem(p config.Profile, data bool, err error) *problem.Problem {
	args := []string{"delete", "--no-backup"}
	if data {
		args = []string{"delete", "--data", "--no-backup"}
	}
	return &problem.Problem{
		Code:    problem.CodeBackupFailed,
		Short:   words.Say("problem.undeleted"),
		Hint:    words.Say("problem.undeletedHint", "cause", cause(err)),
		Command: p.CommandLine(args[0], args[1:]...),
		Err:     err,
	}
}

// unsavedProblem tells that data were not replaced because they could not be
// backed up.
func unsavedProblem(err error) *problem.Problem {
	return &problem.Problem{
		Code:  problem.CodeBackupFailed,
		Short: words.Say("problem.unsaved"),
		Hint:  words.Say("problem.unsavedHint", "cause", cause(err)),
		Err:   err,
	}
}

// unrescuedProblem tells that a container was not removed because what it has could
// not be copied into the volume.
func unrescuedProblem(p config.Profile, c engine.Container, err error) *problem.Problem {
	return &problem.Problem{
		Code:    problem.CodeBackupFailed,
		Short:   words.Say("problem.unrescued"),
		Hint:    words.Say("problem.unrescuedHint", "container", c.Name, "volume", p.Volume(), "cause", cause(err)),
		Command: p.CommandLine("delete", "--no-backup"),
		Err:     err,
	}
}

// cause tells what is behind an error.
func cause(err error) string {
	var p *problem.Problem
	if errors.As(err, &p) {
		return words.Sentences(p.Short, p.Hint)
	}
	return words.FullStop(engine.LastError(err))
}

// noRoomProblem tells that the content of a backup does not fit beside the data.
func noRoomProblem(p config.Profile, need, free int64, cli string) *problem.Problem {
	return &problem.Problem{
		Code:    problem.CodeDiskFull,
		Short:   words.Say("problem.noRoom"),
		Hint:    words.Say("problem.noRoomHint", "need", need>>20, "volume", p.Volume(), "free", free>>20),
		Command: cli + " system df",
	}
}

func noDataProblem(p config.Profile) *problem.Problem {
	return &problem.Problem{
		Code:    problem.CodeNoData,
		Short:   words.Say("problem.noData", "runtime", p.Runtime),
		Hint:    words.Say("problem.noDataHint", "volume", p.Volume()),
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
		Code:  problem.CodeBackupFailed,
		Short: words.Say("problem.backupFile"),
		Hint:  words.Line(fmt.Sprintf("%s: %s", file, words.FullStop(words.Error(err)))),
		Err:   err,
	}
}

func fileExistsProblem(file string) *problem.Problem {
	return &problem.Problem{
		Code:  problem.CodeFileExists,
		Short: words.Say("problem.fileExists"),
		Hint:  words.Say("problem.fileExistsHint", "file", file),
	}
}

func changingProblem(p config.Profile, err error) *problem.Problem {
	return &problem.Problem{
		Code:    problem.CodeBackupFailed,
		Short:   words.Say("problem.changing"),
		Hint:    words.Say("problem.changingHint"),
		Command: p.CommandLine("stop"),
		Err:     err,
	}
}

func unverifiedProblem(err error) *problem.Problem {
	return &problem.Problem{
		Code:  problem.CodeBackupFailed,
		Short: words.Say("problem.unverified"),
		Hint:  words.Say("problem.unverifiedHint", "cause", words.FullStop(words.Error(err))),
		Err:   err,
	}
}

func noBackupProblem(p config.Profile, dir string) *problem.Problem {
	return &problem.Problem{
		Code:  problem.CodeNoBackup,
		Short: words.Say("problem.noBackup", "runtime", p.Runtime),
		Hint:  words.Say("problem.noBackupHint", "dir", dir),
	}
}

func unreadableProblem(file string, err error) *problem.Problem {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return &problem.Problem{
		Code:  problem.CodeBadBackup,
		Short: words.Say("problem.unreadable"),
		Hint:  words.Line(fmt.Sprintf("%s: %s", file, words.FullStop(words.Error(err)))),
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
		Code:  problem.CodeBadBackup,
		Short: words.Say("problem.badBackup"),
		Hint:  words.Say("problem.badBackupHint", "file", file, "why", refused.Why),
		Err:   err,
	}
	if refused.Large {
		problem.Hint = words.Say("problem.badBackupLargeHint", "file", file, "why", refused.Why)
		problem.Command = p.CommandLine("restore", "--large", file)
	}
	return problem
}

func NotEmptyProblem(p config.Profile) *problem.Problem {
	return &problem.Problem{
		Code:    problem.CodeNotEmpty,
		Short:   words.Say("problem.notEmpty"),
		Hint:    words.Say("problem.notEmptyHint", "volume", p.Volume()),
		Command: p.CommandLine("restore"),
	}
}

func unmovedProblem(p config.Profile, err error) *problem.Problem {
	return &problem.Problem{
		Code:  problem.CodeEngineFailed,
		Short: words.Say("problem.unmoved"),
		Hint:  words.Say("problem.unmovedHint", "volume", p.Volume()),
		Err:   err,
	}
}

func unfinishedProblem(p config.Profile, err error) *problem.Problem {
	return &problem.Problem{
		Code:    problem.CodeEngineFailed,
		Short:   words.Say("problem.unfinished"),
		Hint:    words.Say("problem.unfinishedHint", "cause", words.FullStop(engine.LastError(err))),
		Command: p.CommandLine("start"),
		Err:     err,
	}
}

func StartedAgainProblem(c engine.Container) *problem.Problem {
	return &problem.Problem{
		Code:    problem.CodeCancelled,
		Short:   words.Say("problem.startedAgain"),
		Hint:    words.Say("problem.startedAgainHint"),
		Command: "colab-tray stop --name " + config.ShellWord(c.Name),
	}
}
