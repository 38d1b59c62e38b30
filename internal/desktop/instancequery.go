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

// Query is what a later process wants of the one that holds the lock: one of those
// below, or that of [Start].
type Query string

// The queries.
const (
	Show Query = "show" // say what is running, and show it
	Quit Query = "quit" // end
)

// starting is before the name of the profile.
const starting = "start "

// Start returns the query to start the runtime of a profile, and to say so when it is
// ready. The later process takes it back by going away.
func Start(profile string) Query { return Query(starting + profile) }

// Starts returns the profile of a query that [Start] has made.
func (q Query) Starts() (profile string, is bool) { return strings.CutPrefix(string(q), starting) }

const (
	askTime   = 10 * time.Second // for a process to say what it wants
	startTime = 24 * time.Hour   // there may be an image to pull
	maxQuery  = 256              // bytes
	maxAnswer = 4 << 10          // bytes; a longer answer is cut
)

// limit returns how long an answer may take. Before the process ends it can have
// runtimes to stop.
func (q Query) limit() time.Duration {
	if _, is := q.Starts(); is {
		return startTime
	}
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
			if _, is := q.Starts(); is {
				_ = conn.SetDeadline(time.Time{})
				answering.Go(func() { // until the other process is gone, or has its answer
					_, _ = io.Copy(io.Discard, conn)
					cancel()
				})
			}
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
	q := Query(line)
	if _, starts := q.Starts(); starts && len(line) < maxQuery || q == Quit {
		return q
	}
	return Show
}

// QueryInstance returns the answer of the process that calls [ServeQueries] for the
// directory. It fails when that process does not answer within 10 seconds, within two
// minutes where it is asked to end, or within a day where it is asked to start something.
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
