package runtime

import (
	"context"
	"sync"
)

// watchers are the channels of those who watch a value that changes. The lock of the
// value's owner guards them.
type watchers[T any] map[chan T]struct{}

// add returns a channel that yields the current value and each new one. A slow receiver
// gets only the newest one. The channel is closed when ctx ends or ended is closed.
func (w watchers[T]) add(ctx context.Context, mu *sync.Mutex, current *T, ended <-chan struct{}) <-chan T {
	c := make(chan T, 1)
	mu.Lock()
	c <- *current
	w[c] = struct{}{}
	mu.Unlock()
	go func() {
		select {
		case <-ctx.Done():
		case <-ended:
		}
		mu.Lock()
		delete(w, c)
		close(c)
		mu.Unlock()
	}()
	return c
}

// send sends a new value to all watchers. The caller holds the lock.
func (w watchers[T]) send(value T) {
	for c := range w {
		sendNewest(c, value)
	}
}

// sendNewest sends a value to a channel that has room for one, in the place of a value
// that was not received. Only one goroutine may send.
func sendNewest[T any](c chan T, value T) {
	select {
	case <-c:
	default:
	}
	c <- value
}
