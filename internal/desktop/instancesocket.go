//go:build !windows

package desktop

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
)

const socketName = "instance.sock"

func listenForQueries(dir string) (net.Listener, error) {
	path := filepath.Join(dir, socketName)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) { // a killed process leaves its socket
		return nil, err
	}
	return net.Listen("unix", path)
}

func dialInstance(ctx context.Context, dir string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(dir, socketName))
}
