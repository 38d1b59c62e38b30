package desktop

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"golang.design/x/clipboard"
)

// ErrNoClipboard means that no clipboard can be written.
var ErrNoClipboard = errors.New("no clipboard")

// copyTime limits how long a display server may take: a hanging one must not block the
// caller.
const copyTime = 5 * time.Second

// Copy puts text into the clipboard. On Linux this process serves the text to the
// programs that paste it, so the text is available as long as the process lives, or
// longer where a clipboard manager keeps it. Copy takes at most 5 seconds. Where no
// clipboard works the error is [ErrNoClipboard]. The text is never in an error or an
// argument of a command.
func Copy(ctx context.Context, text string) error {
	ctx, cancel := context.WithTimeout(ctx, copyTime)
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

// Offer copies a text for a process that has nothing else to do: it calls copied, and
// returns once the text need not be served any longer. That is when another text was
// copied, when ctx ends, and after a time if it is not 0; then the text is cleared.
func Offer(ctx context.Context, text string, during time.Duration, copied func()) error {
	var changed <-chan struct{}
	if clipboard.Init() == nil {
		changed = clipboard.Write(clipboard.FmtText, []byte(text))
	}
	served := changed != nil && runtime.GOOS == "linux"
	if changed == nil && !copyByCommand(ctx, text) {
		return fmt.Errorf("copy: %w", ErrNoClipboard)
	}
	copied()
	if during == 0 && !served {
		return nil
	}
	var over <-chan time.Time
	if during > 0 {
		over = time.After(during)
	}
	select {
	case <-changed:
		return nil
	case <-ctx.Done():
	case <-over:
	}
	if during > 0 {
		new(Clipboard).clear(text)
	}
	return nil
}

func copyText(ctx context.Context, text string) error {
	if clipboard.Init() == nil && clipboard.Write(clipboard.FmtText, []byte(text)) != nil || copyByCommand(ctx, text) {
		return nil
	}
	// The library's own error is left out: it tells how to install an X server.
	return fmt.Errorf("copy: %w", ErrNoClipboard)
}

// Clipboard is the clipboard for texts that should not stay in it. Its methods can be
// called from any goroutine.
type Clipboard struct {
	// ClearAfter returns how long a text stays in the clipboard; 0 means for good.
	// It is called at each copy. The histories that other programs keep of the
	// clipboard are not cleared.
	ClearAfter func() time.Duration

	mu     sync.Mutex
	text   string // to be cleared later; "" for none
	timer  *time.Timer
	closed bool
}

// Copy is like the function [Copy], and clears the clipboard after ClearAfter if it
// still contains the text.
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

// Close clears at once a text that would have been cleared later.
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

// clear empties the clipboard if it contains the text. It does nothing where the
// clipboard cannot be read.
func (c *Clipboard) clear(text string) {
	ctx, cancel := context.WithTimeout(context.Background(), copyTime)
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

// holds reports whether the clipboard contains a text.
func holds(ctx context.Context, text string) bool {
	if clipboard.Init() == nil {
		return string(clipboard.Read(clipboard.FmtText)) == text
	}
	return pasteByCommand(ctx) == text
}
