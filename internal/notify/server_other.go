//go:build windows || darwin

package notify

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/gen2brain/beeep"

	"colabtray/assets"
)

// errBusy tells that the system has not come back from an earlier notification.
var errBusy = errors.New("the system does not come back from an earlier notification")

// system is the notification service of Windows or macOS.
type system struct {
	dir  string // of the icon's file; empty without one
	busy chan struct{}
}

// newServer makes a server that has no buttons, so that nothing is ever asked
// for.
func newServer(func(profile string, action Action)) server {
	beeep.AppName = "Colab Tray"
	return &system{busy: make(chan struct{}, 1)}
}

func (s *system) close() {
	if s.dir != "" {
		_ = os.RemoveAll(s.dir)
	}
}

// withdraw does nothing: these systems move notifications into a list of their
// own.
func (s *system) withdraw(context.Context, slot) error { return nil }

func (s *system) show(ctx context.Context, _ slot, a Announcement) error {
	if a.Kind == KindProgress {
		return nil // there is no replacing, and a pile of them is no help
	}
	select {
	case s.busy <- struct{}{}:
	default:
		return errBusy
	}
	icon, title, body := s.icon(), plainText(a.Title), plainText(a.Body)
	result := make(chan error, 1)
	go func() {
		result <- beeep.Notify(title, body, icon)
		<-s.busy
	}()
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// icon returns the path of the application icon, which these systems take from
// a file; "" when it cannot be written.
func (s *system) icon() string {
	if s.dir == "" {
		dir, err := os.MkdirTemp("", "colab-tray-")
		if err != nil {
			return ""
		}
		s.dir = dir
	}
	path := filepath.Join(s.dir, "icon.png")
	if _, err := os.Stat(path); err == nil {
		return path
	}
	if err := os.WriteFile(path, assets.AppIcon(), 0o600); err != nil {
		return ""
	}
	return path
}
