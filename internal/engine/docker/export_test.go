package docker

import (
	"context"
	"log/slog"

	"colabtray/internal/config"
	"colabtray/internal/engine"
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

// CheckFoldersOf does what [Engine.CheckFolders] does for an engine of a kind on a box.
func CheckFoldersOf(ctx context.Context, address string, folders []config.Folder, kind engine.Kind) error {
	b, err := newBox(address, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer b.Close()
	return b.checkFolders(ctx, folders, kind)
}
