package docker

import (
	"context"
	"fmt"
	"io"
	"time"
)

// stallTime is how long an engine may let a stream of data stand still. It is longer than
// a slow disk takes to write what the engine has in memory.
const stallTime = 5 * time.Minute

// stall ends a request that moves data when none move for [stallTime]: such a request may
// take any time in all. The time that our side of it takes does not count.
type stall struct {
	timer  *time.Timer
	cancel context.CancelCauseFunc
	ctx    context.Context // that of the request
}

// watchStall returns the context for a request, and what watches it. The caller calls end
// when the request is over.
func watchStall(ctx context.Context) (context.Context, *stall) {
	ctx, cancel := context.WithCancelCause(ctx)
	s := &stall{cancel: cancel, ctx: ctx}
	s.timer = time.AfterFunc(stallTime, func() {
		cancel(fmt.Errorf("no data for %s: %w", stallTime, context.DeadlineExceeded))
	})
	return ctx, s
}

func (s *stall) end() {
	s.timer.Stop()
	s.cancel(context.Canceled)
}

// wrong returns err, or the stall if that is the reason for it.
func (s *stall) wrong(err error) error {
	if err != nil && s.ctx.Err() != nil {
		return context.Cause(s.ctx)
	}
	return err
}

// open returns the stream that a request has, or the error of it.
func (s *stall) open(stream io.ReadCloser, err error) (io.ReadCloser, error) {
	s.timer.Stop()
	if err != nil {
		defer s.end()
		return nil, engineError(s.wrong(err))
	}
	return received{stream, s}, nil
}

// received is what the engine sends.
type received struct {
	io.ReadCloser
	*stall
}

func (r received) Read(p []byte) (int, error) {
	r.timer.Reset(stallTime)
	defer r.timer.Stop()
	n, err := r.ReadCloser.Read(p)
	if err != nil && r.ctx.Err() != nil {
		err = engineError(r.wrong(err))
	}
	return n, err
}

func (r received) Close() error {
	err := r.ReadCloser.Close()
	r.end()
	return err
}

// sent is what is sent to the engine, which has to take it and to answer.
type sent struct {
	io.Reader
	*stall
}

func (r sent) Read(p []byte) (int, error) {
	r.timer.Stop()
	defer r.timer.Reset(stallTime)
	return r.Reader.Read(p)
}
