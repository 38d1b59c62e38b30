package notify

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/gen2brain/beeep"

	"colabtray/assets"
)

// errBusy means that an earlier call of the system still runs.
var errBusy = errors.New("the system does not come back from an earlier notification")

// system is the notification service of macOS.
type system struct {
	dir  string // directory of the icon's file; empty while there is none
	busy chan struct{}
}

// newServer returns a server without buttons, which never calls its argument.
func newServer(func(profile string, action Action)) server {
	beeep.AppName = "Colab Tray"
	return &system{busy: make(chan struct{}, 1)}
}

func (s *system) close() {
	if s.dir != "" {
		_ = os.RemoveAll(s.dir)
	}
}

// withdraw does nothing: macOS keeps notifications in a list of its own.
func (s *system) withdraw(context.Context, slot) error { return nil }

func (s *system) show(ctx context.Context, _ slot, a Announcement) error {
	if a.Kind == KindProgress {
		return nil // nothing can be replaced here, and a pile of them is no help
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

// icon returns the path of a file with the application icon, "" when the file cannot
// be written.
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
