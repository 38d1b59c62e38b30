package desktop

import (
	"context"
	"os/exec"
)

// HasFolderChooser reports whether [ChooseFolder] can show a window.
func HasFolderChooser(context.Context) bool { return true }

func chooseFolder(ctx context.Context, title string) (string, error) {
	return chosen(exec.CommandContext(ctx, "osascript",
		"-e", "on run arguments",
		"-e", "POSIX path of (choose folder with prompt (item 1 of arguments))",
		"-e", "end run", title))
}
