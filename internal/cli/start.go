package cli

import (
	"context"
	"io"
	"log/slog"

	"colabtray/internal/config"
	"colabtray/internal/runtime"
)

// Start is a program that was started without a command, which is to show the tray.
type Start struct{ in *invocation }

// Version returns the version of the program.
func (s Start) Version() string { return s.in.Version }

// Stderr returns where the program tells a person something.
func (s Start) Stderr() io.Writer { return s.in.Stderr }

// Log returns the log of the program.
func (s Start) Log() *slog.Logger { return s.in.log() }

// LogTo makes the program write its log to a file, too. Logs that were returned before
// do not.
func (s Start) LogTo(file io.Writer) { s.in.logFile = file }

// Settings reads the settings. Where the file is broken they are those without it, and
// [Settings.Follow] tells so.
func (s Start) Settings() (*Settings, error) { return s.in.readSettings() }

// Connect connects to engines, for runtimes with these options and preferences.
func (s Start) Connect(o runtime.Options, p config.Preferences) *Connection {
	return s.in.connect(o, p)
}

// Runtime does what the command start does.
func (s Start) Runtime(ctx context.Context) error { return runStart(ctx, s.in) }

func runTray(ctx context.Context, in *invocation) error {
	if settings, err := in.readSettings(); err == nil {
		_, profiles := settings.Current()
		p, question := profiles[settings.Chosen()], config.Folder.Question
		if p.OnOtherMachine() {
			question = config.Folder.QuestionElsewhere
		}
		if err := in.keepFolders(ctx, p, !p.OnOtherMachine(), question); err != nil {
			return err
		}
	}
	return in.Tray(ctx, Start{in})
}
