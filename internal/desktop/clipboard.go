package desktop

import (
	"context"
	"errors"
	"fmt"
	"sync"
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

// Clipboard is the clipboard for texts that should not stay in it. Its methods
// can be called from any goroutine.
type Clipboard struct {
	// ClearAfter tells how long a text stays, 0 for good. It is asked at each
	// copy. Programs that keep a history of the clipboard are not cleared.
	ClearAfter func() time.Duration

	mu     sync.Mutex
	text   string // what is to be taken out
	timer  *time.Timer
	closed bool
}

// Copy is the function [Copy], and takes the text out of the clipboard again
// when its time has come, if that still holds it.
func (c *Clipboard) Copy(ctx context.Context, text string) error {
	if err := Copy(ctx, text); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forget()
	if after := c.ClearAfter(); after > 0 && !c.closed {
		c.text = text
		c.timer = time.AfterFunc(after, func() { c.clear(text) })
	}
	return nil
}

// Close takes out at once what would have been taken out later.
func (c *Clipboard) Close() {
	c.mu.Lock()
	text := c.text
	c.forget()
	c.closed = true
	c.mu.Unlock()
	if text != "" {
		c.clear(text)
	}
}

func (c *Clipboard) forget() {
	if c.timer != nil {
		c.timer.Stop()
	}
	c.text, c.timer = "", nil
}

// clear empties the clipboard if it holds the text. Where it cannot be read,
// it is left alone.
func (c *Clipboard) clear(text string) {
	ctx, cancel := context.WithTimeout(context.Background(), copying)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		if holds(ctx, text) && ctx.Err() == nil {
			_ = copyText(ctx, "")
		}
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// holds reports whether the clipboard holds a text.
func holds(ctx context.Context, text string) bool {
	if clipboard.Init() == nil {
		return string(clipboard.Read(clipboard.FmtText)) == text
	}
	return pasteByCommand(ctx) == text
}
