package desktop

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"strings"
	"time"
)

// ChooseFolder lets the person choose a folder in a window of the desktop. It returns
// "" when the person has closed the window without choosing. Without such a window the
// error is [ErrNoChooser].
func ChooseFolder(ctx context.Context, title string) (string, error) {
	path, err := chooseFolder(ctx, title)
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	return path, err
}

// ErrNoChooser tells that the desktop has no window in which a folder can be chosen.
var ErrNoChooser = errors.New("no window to choose a folder in")

// chosen runs a command that prints the path of the folder that the person chooses. A
// command that fails without a word was cancelled.
func chosen(cmd *exec.Cmd) (string, error) {
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	path := strings.TrimSuffix(strings.TrimSuffix(out.String(), "\n"), "\r")
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() > 0 {
		return "", nil
	}
	return path, err
}
