package cli

import (
	"context"
	"path/filepath"

	"colabtray/internal/colab"
	"colabtray/internal/config"
	"colabtray/internal/desktop"
	"colabtray/internal/i18n"
	"colabtray/internal/problem"
	"colabtray/internal/runtime"
)

// RecentNotebooks remembers the notebooks that the person opened last.
func RecentNotebooks() *colab.Recent {
	return colab.NewRecent(filepath.Join(config.StateDir(), "notebooks.json"))
}

// newNotebook is what stands in the place of an address for a notebook that is not there
// yet.
const newNotebook = "new"

// runOpen opens Colab, or the notebook of an address in it.
func runOpen(ctx context.Context, in *invocation) error {
	notebook := colab.Notebook{URL: colab.HomePage}
	switch {
	case len(in.args) > 0 && in.args[0] == newNotebook:
		notebook.URL = colab.NewNotebookPage
	case len(in.args) > 0:
		var err error
		if notebook, err = colab.ParseNotebook(in.args[0]); err != nil {
			return &usageError{wrong: err.Error(), help: "colab-tray help open"}
		}
		if err := RecentNotebooks().Add(notebook); err != nil {
			in.log().Warn("the notebook is not remembered", "error", err)
		}
	}
	if settings, err := config.Load(in.sources()); err == nil && settings.Profile.OnOtherMachine() && !runtime.IsHeld(settings.Profile) {
		_ = printStyled(in.Stderr, yellow, i18n.FullStop(i18n.T("hold.missing", "port", settings.Profile.Port)), "")
		in.printCommand(settings.Profile.CommandLine("start"))
	}
	if err := desktop.OpenURL(ctx, notebook.URL); err != nil {
		return &problem.Problem{
			Code:  problem.NoBrowser,
			Short: i18n.T("cli.noBrowser"),
			Hint:  i18n.T("cli.noBrowserHint", "page", notebook.URL),
			Err:   err,
		}
	}
	return nil
}
