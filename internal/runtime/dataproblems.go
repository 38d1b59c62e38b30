package runtime

import (
	"errors"
	"fmt"
	"io/fs"

	"colabtray/internal/backup"
	"colabtray/internal/config"
)

// supersededProblem tells that a job was not begun.
func supersededProblem() *Problem {
	return &Problem{
		Code:  CodeCancelled,
		Short: "Something else was asked for meanwhile",
		Hint:  "It was not done, and nothing was changed. Try again if it is still wanted.",
	}
}

// busyProblem tells that other work on the data is going on.
func busyProblem(p config.Profile) *Problem {
	return &Problem{
		Code:  CodeBusy,
		Short: fmt.Sprintf("The data of %s are being worked on", p.Runtime),
		Hint:  "A backup, a restore or a delete is under way, here or in another program. Try again when it is done.",
	}
}

func backupDirProblem(dir string, err error) *Problem {
	return &Problem{
		Code:  CodeBackupFailed,
		Short: "There is no place for backups",
		Hint:  fmt.Sprintf("The directory %s cannot be used: %s", dir, sentence(err.Error())),
		Err:   err,
	}
}

// volumeInUseProblem tells that other containers use the data.
func volumeInUseProblem(p config.Profile, users []string) *Problem {
	return &Problem{
		Code:    CodeDataInUse,
		Short:   "Another container uses the data of " + p.Runtime,
		Hint:    fmt.Sprintf("The volume %s is mounted by %s, so nothing was changed. Remove that container first.", p.Volume(), listed(users)),
		Command: "docker ps --all --filter volume=" + p.Volume(),
	}
}

// undeletedProblem tells that data were not deleted because they could not be
// backed up.
func undeletedProblem(p config.Profile, err error) *Problem {
	return &Problem{
		Code:    CodeBackupFailed,
		Short:   "Nothing was deleted, because the data could not be backed up",
		Hint:    cause(err) + " To delete them without a backup:",
		Command: "colab-tray delete --data --no-backup --name " + p.Runtime,
		Err:     err,
	}
}

// unsavedProblem tells that data were not replaced because they could not be
// backed up.
func unsavedProblem(err error) *Problem {
	return &Problem{
		Code:  CodeBackupFailed,
		Short: "Nothing was restored, because the data that are there could not be backed up",
		Hint:  cause(err) + " With --no-backup they are replaced without one.",
		Err:   err,
	}
}

// cause tells what is behind an error.
func cause(err error) string {
	var p *Problem
	if errors.As(err, &p) {
		return p.Short + ". " + sentence(p.Hint)
	}
	return sentence(lastError(err))
}

func noDataProblem(p config.Profile) *Problem {
	return &Problem{
		Code:    CodeNoData,
		Short:   "There are no data of " + p.Runtime,
		Hint:    fmt.Sprintf("The volume %s is made by the first start.", p.Volume()),
		Command: "colab-tray start",
	}
}

// fileProblem tells that a backup's file could not be written or read.
func fileProblem(file string, err error) *Problem {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return &Problem{
		Code:  CodeBackupFailed,
		Short: "The file of the backup cannot be used",
		Hint:  fmt.Sprintf("%s: %s", file, sentence(err.Error())),
		Err:   err,
	}
}

func fileExistsProblem(file string) *Problem {
	return &Problem{
		Code:  CodeFileExists,
		Short: "There is a file of that name",
		Hint:  fmt.Sprintf("%s was left as it is. Choose another name, or replace it with --force.", file),
	}
}

func changingProblem(p config.Profile, err error) *Problem {
	return &Problem{
		Code:    CodeBackupFailed,
		Short:   "The data change faster than they can be read",
		Hint:    "Files became shorter while they were read, at each of several tries. Stop the runtime, and try again.",
		Command: "colab-tray stop --name " + p.Runtime,
		Err:     err,
	}
}

func unverifiedProblem(err error) *Problem {
	return &Problem{
		Code:  CodeBackupFailed,
		Short: "The backup could not be read back",
		Hint:  "What was written was not what was read, so it was removed. The disk may be failing. " + sentence(err.Error()),
		Err:   err,
	}
}

func noBackupProblem(p config.Profile, dir string) *Problem {
	return &Problem{
		Code:  CodeNoBackup,
		Short: "There is no backup of " + p.Runtime,
		Hint:  fmt.Sprintf("Those that are made before data are deleted are kept in %s for 7 days. For another, name its file.", dir),
	}
}

func unreadableProblem(file string, err error) *Problem {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return &Problem{
		Code:  CodeBadBackup,
		Short: "The backup cannot be read",
		Hint:  fmt.Sprintf("%s: %s", file, sentence(err.Error())),
		Err:   err,
	}
}

// badBackupProblem tells why a file is not restored.
func badBackupProblem(file string, err error) *Problem {
	var refused *backup.Refused
	if !errors.As(err, &refused) {
		return unreadableProblem(file, err)
	}
	p := &Problem{
		Code:  CodeBadBackup,
		Short: "This file cannot be restored",
		Hint:  fmt.Sprintf("%s: %s Nothing was changed.", file, refused.Why),
		Err:   err,
	}
	if refused.Large {
		p.Hint += " If it is your own and that is right, say so:"
		p.Command = "colab-tray restore --large " + file
	}
	return p
}

func notEmptyProblem(p config.Profile) *Problem {
	return &Problem{
		Code:    CodeNotEmpty,
		Short:   "There are data in the way",
		Hint:    fmt.Sprintf("The volume %s is not empty, and restoring replaces all of it. Nothing was changed.", p.Volume()),
		Command: "colab-tray restore --name " + p.Runtime,
	}
}

func unmovedProblem(p config.Profile, err error) *Problem {
	return &Problem{
		Code:  CodeEngineFailed,
		Short: "The data could not be replaced",
		Hint:  fmt.Sprintf("Something in the volume %s cannot be moved, so it is as it was. Files that are marked as immutable are a reason.", p.Volume()),
		Err:   err,
	}
}

func unfinishedProblem(p config.Profile, err error) *Problem {
	return &Problem{
		Code:    CodeEngineFailed,
		Short:   "Restoring could not be finished",
		Hint:    "The old data and the new ones are both still there. The next start takes it up again: " + sentence(lastError(err)),
		Command: "colab-tray start --name " + p.Runtime,
		Err:     err,
	}
}
