package desktop

import (
	"context"
	"fmt"
	"os/exec"

	"colabtray/internal/i18n"
)

// HasTerminal reports whether there is a program to open a terminal window with.
func HasTerminal() bool { return terminalCommand(nil) != nil }

// OpenTerminal opens a terminal window in which a command runs, in the desktop's own
// program for that. The window closes when the command ends.
func OpenTerminal(ctx context.Context, command ...string) error {
	window := terminalCommand(command)
	if window == nil {
		return fmt.Errorf("%s: %w", i18n.T("desktop.terminal"), exec.ErrNotFound)
	}
	if err := waitBriefly(ctx, window.Run); err != nil {
		return fmt.Errorf("%s: %w", i18n.T("desktop.terminal"), err)
	}
	return nil
}
