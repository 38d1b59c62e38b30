package notify

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/gen2brain/beeep"

	"colabtray/assets"
)

func newServer(act func(profile string, action Action), log *slog.Logger) server {
	return newCenterServer(act, openCenter, newScript(), log)
}

// script shows notifications through AppleScript, or through terminal-notifier where it
// is installed: without buttons, and under the name of that program.
type script struct {
	dir   string // directory of the icon's file; empty while there is none
	calls calls
}

func newScript() *script {
	beeep.AppName = "Colab Tray"
	return &script{calls: newCalls()}
}

func (s *script) close() {
	if s.dir != "" {
		_ = os.RemoveAll(s.dir)
	}
}

// withdraw does nothing: macOS keeps these notifications in a list of its own.
func (s *script) withdraw(context.Context, slot) error { return nil }

func (s *script) show(ctx context.Context, _ slot, a Announcement) error {
	if a.Kind == KindProgress {
		return nil // nothing can be replaced here, and a pile of them is no help
	}
	icon, title, body := s.icon(), plainText(a.Title), plainText(a.Body)
	return s.calls.do(ctx, func() error { return beeep.Notify(title, body, icon) })
}

// icon returns the path of a file with the application icon, "" when the file cannot
// be written.
func (s *script) icon() string {
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
