package i18n

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// Error returns the text of an error. It translates the errors of the system and the
// standard library that a person is likely to see; their own texts are always
// English.
func Error(err error) string {
	if text, inner := localize(err); inner != nil {
		return strings.Replace(err.Error(), inner.Error(), text, 1)
	}
	return err.Error()
}

// localize returns an error inside err for which there is a message, with the
// message; nil if there is none.
func localize(err error) (text string, inner error) {
	var path *fs.PathError
	var link *os.LinkError
	var program *exec.Error
	var ended *exec.ExitError
	switch {
	case errors.As(err, &path):
		return path.Path + ": " + Error(path.Err), path
	case errors.As(err, &link):
		return link.New + ": " + Error(link.Err), link
	case errors.As(err, &program):
		return program.Name + ": " + Error(program.Err), program
	case errors.As(err, &ended) && ended.Exited():
		return T("error.ended", "code", ended.ExitCode()), ended
	}
	for _, c := range common {
		if inner := find(err, c.err); inner != nil {
			return T("error." + c.name), inner
		}
	}
	return "", nil
}

// common lists errors with the last part of the keys of their messages.
var common = []struct {
	err  error
	name string
}{
	{fs.ErrNotExist, "notExist"},
	{fs.ErrPermission, "permission"},
	{fs.ErrExist, "exist"},
	{syscall.ENOSPC, "noSpace"},
	{syscall.EROFS, "readOnly"},
	{syscall.EISDIR, "isDirectory"},
	{syscall.ENOTDIR, "notDirectory"},
	{syscall.ECONNREFUSED, "refused"},
	{exec.ErrNotFound, "noProgram"},
	{context.DeadlineExceeded, "timeout"},
	{os.ErrDeadlineExceeded, "timeout"},
}

// find returns the innermost error in err that is the wanted error, so that the texts
// of the errors around it stay.
func find(err, wanted error) error {
	for errors.Is(err, wanted) {
		inner := errors.Unwrap(err)
		if joined, is := err.(interface{ Unwrap() []error }); is {
			for _, one := range joined.Unwrap() {
				if errors.Is(one, wanted) {
					inner = one
				}
			}
		}
		if inner == nil || !errors.Is(inner, wanted) {
			return err
		}
		err = inner
	}
	return nil
}
