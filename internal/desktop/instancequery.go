package desktop

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Where the first process that has a directory answers others, and how long
// both take at most. What is said is short: the answer is read up to maxAnswer
// bytes.
const (
	socketName = "instance.sock"
	answerTime = 10 * time.Second
	maxAnswer  = 4 << 10
)

// ServeQueries has the process that has the directory, by [Acquire], answer those that
// come later, until ctx ends. Of two that come at once each is answered on a
// goroutine of its own. Only the person's own processes can ask, because nobody
// else may enter the directory.
func ServeQueries(ctx context.Context, dir string, answer func(context.Context) string) error {
	path := filepath.Join(dir, socketName)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) { // one before us may have left it
		return fmt.Errorf("answer a second start: %w", err)
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return fmt.Errorf("answer a second start: %w", err)
	}
	defer context.AfterFunc(ctx, func() { _ = listener.Close() })()
	defer listener.Close()
	var answering sync.WaitGroup
	defer answering.Wait()
	for {
		conn, err := listener.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("answer a second start: %w", err)
		}
		answering.Go(func() {
			defer conn.Close()
			ctx, cancel := context.WithTimeout(ctx, answerTime)
			defer cancel()
			text := answer(ctx)
			_ = conn.SetDeadline(time.Now().Add(answerTime))
			_, _ = io.WriteString(conn, text)
		})
	}
}

// QueryInstance asks the process that has the directory and returns its answer. It fails
// when that one does not answer in some seconds.
func QueryInstance(ctx context.Context, dir string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "unix", filepath.Join(dir, socketName))
	if err != nil {
		return "", fmt.Errorf("ask the tray that runs: %w", err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	text, err := io.ReadAll(io.LimitReader(conn, maxAnswer))
	switch {
	case ctx.Err() != nil:
		return "", fmt.Errorf("ask the tray that runs: %w", context.Cause(ctx))
	case err != nil:
		return "", fmt.Errorf("ask the tray that runs: %w", err)
	case len(text) == 0:
		return "", errors.New("ask the tray that runs: it says nothing")
	}
	return string(text), nil
}
