package runtime

import (
	"context"
	"time"

	"colabtray/internal/engine"
)

// lostTime is how long the connection to an engine's machine can be lost before a person
// is told: most repairs take less.
const lostTime = 10 * time.Second

// watchConnection tells the managers when the connection to the engine's machine is lost
// for lostTime, and when it stands again, until ctx ends. A connection that never stood
// was not lost: why it does not stand is the problem that the engine does not answer.
func (l *Link) watchConnection(ctx context.Context, c engine.Connection) {
	for stood := false; ctx.Err() == nil; {
		changed := c.ConnectionChanged()
		connected, since := c.ConnectionStatus()
		stood = stood || connected
		var lost time.Time
		var due <-chan time.Time
		switch {
		case connected && l.down.Load():
			l.reconnect()
			lost = l.lostSince() // until the engine has been asked
		case stood && !connected:
			if left := lostTime - time.Since(since); left > 0 {
				due = time.After(left)
			} else {
				lost = since
			}
		}
		l.setLost(lost)
		select {
		case <-changed:
		case <-due:
		case <-ctx.Done():
		}
	}
}

// answered notes whether the engine has answered, before that is told. Where the connection
// stands the loss is over, whatever the engine says.
func (l *Link) answered(has bool) {
	l.down.Store(!has)
	c, is := engine.As[engine.Connection](l.engine)
	if !is {
		return
	}
	if connected, _ := c.ConnectionStatus(); connected {
		l.lost.Store(&time.Time{})
	}
}

func (l *Link) setLost(since time.Time) {
	if was := l.lost.Swap(&since); was == nil && since.IsZero() || was != nil && was.Equal(since) {
		return
	}
	l.broadcast(relinked{})
}

// lostSince returns when the connection to the engine's machine was lost; zero while it
// stands or the loss is not to be shown yet.
func (l *Link) lostSince() time.Time {
	if since := l.lost.Load(); since != nil {
		return *since
	}
	return time.Time{}
}
