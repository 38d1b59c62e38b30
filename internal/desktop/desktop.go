// Package desktop owns what the program needs of the desktop besides the tray and
// notifications: the browser, the text viewer, the clipboard, choosing a folder, the start at login, and
// the lock that lets only one tray run at a time.
//
// It does not own what is opened or copied. No function with a context waits longer
// than that context, however long the desktop's programs take.
package desktop

import (
	"context"
	"time"
)

// settleTime is how long a program that opens something may take to fail. A program
// that still runs after that time has succeeded: some stay until the window is closed,
// as xdg-open does without a desktop, because it runs the browser itself.
const settleTime = 5 * time.Second

// waitBriefly runs open on a goroutine of its own. It returns the error of open, nil
// when open still runs after settleTime, or the cause of the end of ctx.
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
