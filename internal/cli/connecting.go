package cli

import (
	"context"
	"os"
	"path/filepath"

	"github.com/moby/sys/atomicwriter"

	"colabtray/internal/config"
	"colabtray/internal/desktop"
	"colabtray/internal/install"
)

// connecting is what the guide's page "Connect" needs of a session. It implements
// [guide.Connecting].
type connecting struct{ s *Session }

// DefaultBrowser implements [guide.Connecting].
func (connecting) DefaultBrowser(ctx context.Context) string { return desktop.DefaultBrowser(ctx) }

// Notice implements [guide.Connecting].
func (connecting) Notice(ctx context.Context) string {
	if !install.Detect().WSL {
		return ""
	}
	return install.InsideWSL(ctx).Notice()
}

// KeepsToken implements [guide.Connecting].
func (c connecting) KeepsToken() bool {
	settings, err := config.Load(config.Sources{File: config.File()})
	return err == nil && settings.Profiles[c.s.Runtime.Profile().Name].Token == config.TokenKeep
}

// KeepToken implements [guide.Connecting]. It puts the change into force for the
// runtime, too: only the tray follows the file.
func (c connecting) KeepToken(keep bool) error {
	p := c.s.Runtime.Profile()
	p.Token = config.TokenFresh
	if keep {
		p.Token = config.TokenKeep
	}
	if err := saveSetting(config.File(), []string{"profiles", p.Name, "token"}, string(p.Token)); err != nil {
		return err
	}
	c.s.Runtime.SetProfile(p)
	return nil
}

// connectedFile is there once a notebook was connected.
func connectedFile() string { return filepath.Join(config.StateDir(), "connected") }

// Connected implements [guide.Connecting].
func (connecting) Connected() bool {
	_, err := os.Lstat(connectedFile())
	return err == nil
}

// SetConnected implements [guide.Connecting].
func (connecting) SetConnected() error {
	if err := config.EnsurePrivateDir(config.StateDir()); err != nil {
		return err
	}
	return atomicwriter.WriteFile(connectedFile(), nil, 0o600)
}
