package desktop

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// Query is what a later process wants of the one that holds the lock.
type Query string

// The queries.
const (
	Show Query = "show" // say what is running, and show it
	Quit Query = "quit" // end
)

const (
	askTime   = 10 * time.Second // for a process to say what it wants
	maxQuery  = 16               // bytes
	maxAnswer = 4 << 10          // bytes; a longer answer is cut
)

// limit returns how long an answer may take. Before the process ends it can have
// runtimes to stop.
func (q Query) limit() time.Duration {
	if q == Quit {
		return 2 * time.Minute
	}
	return askTime
}

// ServeQueries answers later processes that call [QueryInstance], until ctx ends. The
// process must hold the lock of the directory, see [Acquire]. Each query is answered on
// a goroutine of its own. No other user can ask: the directory must be private, and on
// Windows the pipe is for this user alone.
func ServeQueries(ctx context.Context, dir string, answer func(context.Context, Query) string) error {
	listener, err := listenForQueries(dir)
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
			_ = conn.SetDeadline(time.Now().Add(askTime))
			q := readQuery(conn)
			ctx, cancel := context.WithTimeout(ctx, q.limit())
			defer cancel()
			text := answer(ctx, q)
			_ = conn.SetDeadline(time.Now().Add(askTime))
			_, _ = io.WriteString(conn, text)
		})
	}
}

// readQuery reads the line with the query. Whatever else is said there is [Show], which
// does no harm.
func readQuery(r io.Reader) Query {
	var line []byte
	for b := make([]byte, 1); len(line) < maxQuery; line = append(line, b[0]) {
		if n, err := r.Read(b); n == 0 || err != nil || b[0] == '\n' {
			break
		}
	}
	if Query(line) == Quit {
		return Quit
	}
	return Show
}

// QueryInstance returns the answer of the process that calls [ServeQueries] for the
// directory. It fails when that process does not answer within 10 seconds, or within
// two minutes where it is asked to end.
func QueryInstance(ctx context.Context, dir string, q Query) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, q.limit())
	defer cancel()
	conn, err := dialInstance(ctx, dir)
	if err != nil {
		return "", fmt.Errorf("ask the tray that runs: %w", err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	var text strings.Builder
	if _, err = io.WriteString(conn, string(q)+"\n"); err == nil {
		_, err = io.Copy(&text, io.LimitReader(conn, maxAnswer))
	}
	switch {
	case ctx.Err() != nil:
		return "", fmt.Errorf("ask the tray that runs: %w", context.Cause(ctx))
	case err != nil:
		return "", fmt.Errorf("ask the tray that runs: %w", err)
	case text.Len() == 0:
		return "", errors.New("ask the tray that runs: it says nothing")
	}
	return text.String(), nil
}
