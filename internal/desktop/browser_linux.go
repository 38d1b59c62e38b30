package desktop

import (
	"context"
	"os/exec"
	"path/filepath"
)

// DefaultBrowser returns the family of the browser that opens web pages, one
// of the Browser constants, or "" where that cannot be told.
func DefaultBrowser(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, settling)
	defer cancel()
	for _, query := range [][]string{
		{"xdg-settings", "get", "default-web-browser"},
		{"xdg-mime", "query", "default", "x-scheme-handler/https"},
	} {
		out, err := exec.CommandContext(ctx, query[0], query[1:]...).Output()
		if found := family(string(out)); err == nil && found != "" {
			return found
		}
	}
	// What xdg-open runs where no default is set: Debian's alternative.
	path, err := exec.LookPath("x-www-browser")
	if err != nil {
		return ""
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return ""
	}
	return family(filepath.Base(path))
}
