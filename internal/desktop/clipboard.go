package desktop

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.design/x/clipboard"
)

// ErrNoClipboard tells that no clipboard can be written here.
var ErrNoClipboard = errors.New("no clipboard")

// copying bounds how long a display server may take: one that hangs must not
// hold up who asked.
const copying = 5 * time.Second

// Copy puts text into the clipboard. On Linux this process serves it to those
// who paste, so the text is there for as long as the process lives, or longer
// where a clipboard manager keeps it. Where no clipboard works the error is
// [ErrNoClipboard]. The text is never in an error or an argument of a command.
func Copy(ctx context.Context, text string) error {
	ctx, cancel := context.WithTimeout(ctx, copying)
	defer cancel()
	result := make(chan error, 1)
	go func() { result <- copyText(ctx, text) }()
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return fmt.Errorf("copy: %w", context.Cause(ctx))
	}
}

func copyText(ctx context.Context, text string) error {
	if clipboard.Init() == nil && clipboard.Write(clipboard.FmtText, []byte(text)) != nil || copyByCommand(ctx, text) {
		return nil
	}
	// The library's own words tell how to install an X server.
	return fmt.Errorf("copy: %w", ErrNoClipboard)
}
