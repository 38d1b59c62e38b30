package engine

import (
	"context"
	"fmt"
	"io"
	"time"
)

// StallTime is how long an engine may let a stream of data stand still. It is longer than
// a slow disk takes to write what the engine has in memory.
const StallTime = 5 * time.Minute

// Stall ends a request that moves data when none move for a while: such a request may take
// any time in all. The time that our side of it takes does not count.
type Stall struct {
	patience time.Duration
	timer    *time.Timer
	cancel   context.CancelCauseFunc
	ctx      context.Context // that of the request
	failure  func(error) error
}

// WatchStall returns the context for a request that may stand still for so long, which is
// [StallTime], and what watches it. The caller calls [Stall.End] when the request is over.
// failure makes errors of the engine from others.
func WatchStall(ctx context.Context, patience time.Duration, failure func(error) error) (context.Context, *Stall) {
	ctx, cancel := context.WithCancelCause(ctx)
	s := &Stall{patience: patience, cancel: cancel, ctx: ctx, failure: failure}
	s.timer = time.AfterFunc(patience, func() {
		cancel(fmt.Errorf("no data for %s: %w", patience, context.DeadlineExceeded))
	})
	return ctx, s
}

// End ends the watch.
func (s *Stall) End() {
	s.timer.Stop()
	s.cancel(context.Canceled)
}

// Err returns the engine's error for err: the stall if that is the reason for it.
func (s *Stall) Err(err error) error {
	if err != nil && s.ctx.Err() != nil {
		err = context.Cause(s.ctx)
	}
	return s.failure(err)
}

// Open returns the stream that a request has, or the error of it. Closing the stream ends
// the watch.
func (s *Stall) Open(stream io.ReadCloser, err error) (io.ReadCloser, error) {
	s.timer.Stop()
	if err != nil {
		defer s.End()
		return nil, s.Err(err)
	}
	return received{s.Received(stream), stream, s}, nil
}

// Received returns a reader of what the engine sends.
func (s *Stall) Received(stream io.Reader) io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		s.timer.Reset(s.patience)
		defer s.timer.Stop()
		n, err := stream.Read(p)
		if err != nil && s.ctx.Err() != nil {
			err = s.Err(err)
		}
		return n, err
	})
}

// Sent returns a reader of what is sent to the engine, which has to take it and to answer.
func (s *Stall) Sent(stream io.Reader) io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		s.timer.Stop()
		defer s.timer.Reset(s.patience)
		return stream.Read(p)
	})
}

// readerFunc is a Read method as a function.
type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// received is a stream of an engine.
type received struct {
	io.Reader
	stream io.Closer
	stall  *Stall
}

// Close implements [io.Closer].
func (r received) Close() error {
	err := r.stream.Close()
	r.stall.End()
	return err
}
