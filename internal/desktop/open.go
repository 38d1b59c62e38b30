package desktop

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"

	"colabtray/internal/i18n"

	"github.com/pkg/browser"
)

func init() {
	// The opener must not print into our own output. A nil writer means the null
	// device itself: with a pipe, a browser that outlives us would die of SIGPIPE.
	browser.Stdout, browser.Stderr = nil, nil
}

// OpenURL opens an http or https address in the default browser. It fails when there is
// no browser or the address is of another kind. The address must not contain a token:
// it becomes an argument of the browser's command, which others on the machine can
// read.
func OpenURL(ctx context.Context, address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		// The address is not repeated: it may be the Backend URL by mistake.
		return fmt.Errorf("%s: %s", i18n.T("desktop.browser"), i18n.T("desktop.noAddress"))
	}
	if err := waitBriefly(ctx, func() error { return browser.OpenURL(address) }); err != nil {
		return fmt.Errorf("%s: %w", i18n.T("desktop.browser"), err)
	}
	return nil
}

// OpenFolder shows a folder in the default file manager.
func OpenFolder(ctx context.Context, dir string) error {
	if err := waitBriefly(ctx, func() error { return browser.OpenFile(dir) }); err != nil {
		return fmt.Errorf("%s: %w", i18n.T("desktop.viewer"), err)
	}
	return nil
}

// OpenText shows a text file in the default viewer. The viewer may read the
// file after OpenText has returned.
func OpenText(ctx context.Context, path string) error {
	path, err := filepath.Abs(path)
	if err == nil {
		err = waitBriefly(ctx, func() error { return openText(path) })
	}
	if err != nil {
		return fmt.Errorf("%s: %w", i18n.T("desktop.viewer"), err)
	}
	return nil
}
