package docker

import (
	"context"
	"log/slog"
)

// SocketsOf returns what a box tells of its engines' sockets.
func SocketsOf(ctx context.Context, address string) ([]string, error) {
	b, err := newBox(address, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	defer b.Close()
	return b.sockets(ctx)
}
