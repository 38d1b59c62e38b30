package runtime

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/problem"
)

// connection is an engine on another machine whose connection a test ends and repairs.
type connection struct {
	engine.Engine

	mu        sync.Mutex
	connected bool
	since     time.Time
	changed   chan struct{}
	retried   int
}

func (c *connection) RetryConnection() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.retried++
}

func (c *connection) ConnectionStatus() (connected bool, since time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.connected, c.since
}

func (c *connection) ConnectionChanged() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changed
}

func (c *connection) set(connected bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.connected, c.since = connected, time.Now()
	close(c.changed)
	c.changed = make(chan struct{})
}

// TestRetry: who starts a runtime whose engine cannot be reached asks for another attempt
// at once.
func TestRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		c := &connection{changed: make(chan struct{})}
		log := slog.New(slog.DiscardHandler)
		m := NewManager(NewLink(c, log), config.Profile{Name: "p", Runtime: "r"}, Options{Log: log, Backups: "unused"})
		go m.Run(ctx)
		m.post(engineDown{&problem.Problem{Code: problem.SSHLogin}})
		synctest.Wait()
		before := c.retried
		go func() { _ = m.Start(ctx) }()
		synctest.Wait()
		if before != 0 || c.retried != 1 {
			t.Errorf("%d attempts were asked for before the start, and %d with it", before, c.retried)
		}
		cancel()
		<-m.ended
	})
}

// TestReconnecting: a loss is shown after ten seconds and until it is over, and one that
// is over sooner is not shown; a connection that never stood was not lost.
func TestReconnecting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		c := &connection{since: time.Now(), changed: make(chan struct{})}
		log := slog.New(slog.DiscardHandler)
		l := NewLink(c, log)
		m := NewManager(l, config.Profile{Name: "p", Runtime: "r"}, Options{Log: log, Backups: "unused"})
		go m.Run(ctx)
		over := make(chan struct{})
		go func() {
			l.watchConnection(ctx, c)
			close(over)
		}()
		expect := func(what string, after time.Duration, lost time.Time) {
			t.Helper()
			time.Sleep(after)
			synctest.Wait()
			if got := m.Snapshot().Reconnecting; !got.Equal(lost) {
				t.Errorf("%s: reconnecting since %v, not %v", what, got, lost)
			}
		}
		var none time.Time
		expect("never there", time.Hour, none)
		c.set(true)
		expect("there", time.Hour, none)
		c.set(false)
		expect("a short loss", lostTime-time.Nanosecond, none)
		c.set(true)
		expect("a short loss that is over", time.Hour, none)
		c.set(false)
		lost := time.Now()
		expect("a loss", lostTime, lost)
		rev := m.Snapshot().Rev
		expect("a long loss", time.Hour, lost)
		if now := m.Snapshot().Rev; now != rev {
			t.Errorf("the long loss has %d snapshots", now-rev)
		}
		c.set(true)
		expect("a long loss that is over", 0, none)
		c.set(false)
		lost = time.Now()
		expect("a loss", lostTime, lost)
		l.answered(false)
		c.set(true)
		expect("the engine is not asked yet", 0, lost)
		l.answered(true)
		l.broadcast(relinked{})
		expect("the engine has answered", 0, none)
		cancel()
		<-over
		<-m.ended
	})
}
