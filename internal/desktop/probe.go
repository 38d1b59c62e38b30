package desktop

import (
	"context"

	"golang.design/x/clipboard"
)

// ClipboardMethod describes in a few words how a text would be copied. It copies
// nothing. Where no clipboard works the error is [ErrNoClipboard].
func ClipboardMethod(ctx context.Context) (string, error) {
	result := make(chan error, 1)
	go func() { result <- clipboard.Init() }()
	select {
	case err := <-result:
		if err == nil {
			return copiedBy, nil
		}
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	if name := copyCommand(); name != "" {
		return "by the command " + name, nil
	}
	return "", ErrNoClipboard
}
