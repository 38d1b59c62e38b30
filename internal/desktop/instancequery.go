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

const (
	socketName = "instance.sock"
	answerTime = 10 * time.Second // limit for each side of a query
	maxAnswer  = 4 << 10          // bytes; a longer answer is cut
)

// ServeQueries answers later processes that call [QueryInstance], until ctx ends. The
// process must hold the lock of the directory, see [Acquire]. Each query is answered on
// a goroutine of its own. The directory must be private: that is what keeps other users
// from asking.
func ServeQueries(ctx context.Context, dir string, answer func(context.Context) string) error {
	path := filepath.Join(dir, socketName)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) { // a killed process leaves its socket
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

// QueryInstance returns the answer of the process that calls [ServeQueries] for the
// directory. It fails when that process does not answer within 10 seconds.
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
