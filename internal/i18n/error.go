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

// Error returns what an error says. What the system and the standard library say
// in it, which is English everywhere, is said in the language in use as far as
// people are likely to meet it.
func Error(err error) string {
	if text, inner := localize(err); inner != nil {
		return strings.Replace(err.Error(), inner.Error(), text, 1)
	}
	return err.Error()
}

// localize finds an error in err that there are other words for; nil for none.
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

// common are errors by the names of their texts.
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

// find returns the innermost error in err that is the one looked for: the words
// of what is around it stay.
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
