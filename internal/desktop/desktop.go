// Package desktop owns what the program asks of the desktop besides the tray
// and notifications: the browser, the text viewer, the clipboard, the start at
// login, and that only one tray runs at a time.
//
// It does not own what is opened or copied: it knows no other room. Nothing here waits longer than its context, however long the
// desktop's programs take.
package desktop

import (
	"context"
	"time"
)

// settleTime is how long a program that opens something may take to fail. Some
// stay until the window is closed (xdg-open without a desktop runs the browser
// itself), so one that still runs by then has succeeded.
const settleTime = 5 * time.Second

// waitBriefly runs open on its own and returns its error, nil when it still runs
// after a while, or the cause of the context's end.
func waitBriefly(ctx context.Context, open func() error) error {
	result := make(chan error, 1)
	go func() { result <- open() }()
	patience := time.NewTimer(settleTime)
	defer patience.Stop()
	select {
	case err := <-result:
		return err
	case <-patience.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
