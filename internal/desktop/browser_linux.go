package desktop

import (
	"context"
	"os/exec"
	"path/filepath"
	"time"
)

// DefaultBrowser returns the family of the browser that opens web pages, one of the
// Browser constants, or "" where it is not known.
func DefaultBrowser(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	for _, query := range [][]string{
		{"xdg-settings", "get", "default-web-browser"},
		{"xdg-mime", "query", "default", "x-scheme-handler/https"},
	} {
		cmd := exec.CommandContext(ctx, query[0], query[1:]...)
		cmd.WaitDelay = time.Second // both are scripts, whose own commands would hold the pipe open
		out, err := cmd.Output()
		if found := family(string(out)); err == nil && found != "" {
			return found
		}
	}
	// Debian's alternative is what xdg-open runs where no default is set.
	path, err := exec.LookPath("x-www-browser")
	if err != nil {
		return ""
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return ""
	}
	return family(filepath.Base(path))
}
