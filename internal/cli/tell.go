package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"colabtray/internal/config"
	"colabtray/internal/desktop"
	"colabtray/internal/i18n"
	"colabtray/internal/notify"
	"colabtray/internal/problem"
	"colabtray/internal/runtime"
)

// What commands do for who started them from the desktop, where nobody reads a terminal.

func urlFlags(set *pflag.FlagSet, in *invocation) {
	set.BoolVar(&in.copy, "copy", false, "")
}

// copyURL puts the Backend URL into the clipboard, and returns when it need not be
// offered any longer.
func (in *invocation) copyURL(ctx context.Context, s *Session, now runtime.Snapshot) error {
	if !now.State.CanConnect() {
		return notReady(now, s.Profile)
	}
	settings, err := config.Load(in.sources())
	if err != nil {
		return err
	}
	told := func() {
		fmt.Fprintln(in.Stderr, i18n.T("cli.urlCopied"))
		if in.notify {
			in.show(ctx, i18n.T("tray.copied"), i18n.T("tray.copiedHint"))
		}
	}
	if err := desktop.Offer(ctx, now.URL.Reveal(), settings.Preferences.ClearClipboard, told); err != nil {
		return &problem.Problem{Code: problem.NoClipboard, Short: i18n.T("tray.failed.copy"), Hint: i18n.T("tray.failed.copyHint"), Err: err}
	}
	return nil
}

// notifyOf tells a problem that ended a command as a notification.
func (in *invocation) notifyOf(ctx context.Context, err error) {
	var p *problem.Problem
	var wrong *config.Error
	switch {
	case err == nil, errors.Is(err, context.Canceled):
	case errors.As(err, &p):
		in.show(ctx, p.Short, strings.TrimSpace(p.Hint+" "+p.Command))
	case errors.As(err, &wrong):
		in.show(ctx, wrong.Error(), wrong.Hint)
	default:
		in.show(ctx, i18n.Error(err), "")
	}
}

// show shows a notification; where none can be shown, the log says so.
func (in *invocation) show(ctx context.Context, short, hint string) {
	if err := notify.Show(ctx, short, hint); err != nil {
		in.log().Warn("a notification cannot be shown", "error", err)
	}
}
