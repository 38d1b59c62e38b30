package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"

	"colabtray/internal/config"
	"colabtray/internal/desktop"
	"colabtray/internal/i18n"
)

// sources returns where the settings of this command line come from.
func (in *invocation) sources() config.Sources {
	return config.Sources{Flags: in.flags, Env: in.LookupEnv, File: config.File()}
}

func runConfigInit(_ context.Context, in *invocation) error {
	path := config.File()
	err := config.WriteDefault(path)
	var exists *config.ExistsError
	if errors.As(err, &exists) {
		return &config.Error{File: path, Short: i18n.T("cli.settingsExist"), Hint: i18n.T("cli.settingsExistHint")}
	}
	if err != nil {
		return err
	}
	return in.printPath(path)
}

func runConfigPath(_ context.Context, in *invocation) error {
	return in.printPath(config.File())
}

func (in *invocation) printPath(path string) error {
	if in.json {
		return in.printJSON(fileJSON{path})
	}
	_, err := fmt.Fprintln(in.Stdout, path)
	return err
}

func runConfigShow(_ context.Context, in *invocation) error {
	if in.json {
		return in.showSettings()
	}
	text, err := config.Show(in.sources())
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(in.Stdout, text)
	return err
}

// showSettings prints the settings in force for programs.
func (in *invocation) showSettings() error {
	inForce, err := config.InForce(in.sources())
	if err != nil {
		return err
	}
	shown := settingsJSON{}
	for _, s := range inForce {
		if s.Key == "profile" {
			shown.Profile, _ = s.Value.(string)
		}
		shown.Settings = append(shown.Settings, settingJSON{Key: s.Key, Value: s.Value, Source: s.Source})
	}
	return in.printJSON(shown)
}

func runConfigCheck(_ context.Context, in *invocation) error {
	from := in.sources()
	settings, err := config.Load(from)
	if err != nil {
		return err
	}
	checked := checkedJSON{File: from.File, Exists: true, Warnings: []string{}}
	for _, name := range slices.Sorted(maps.Keys(settings.Profiles)) {
		checked.Warnings = append(checked.Warnings, settings.Profiles[name].Warnings()...)
	}
	verdict := i18n.T("cli.settingsRight")
	if _, err := os.Stat(from.File); errors.Is(err, fs.ErrNotExist) {
		checked.Exists, verdict = false, i18n.T("cli.settingsDefault")
	}
	if in.json {
		return in.printJSON(checked)
	}
	for _, warning := range checked.Warnings {
		_ = printStyled(in.Stderr, yellow, i18n.T("cli.warning", "warning", warning), "")
	}
	_, err = fmt.Fprintf(in.sentences(), "%s: %s\n", from.File, verdict)
	return err
}

// runConfigEdit opens the settings file, which it makes when there is none, and
// checks it when the editor has ended.
func runConfigEdit(ctx context.Context, in *invocation) error {
	path := config.File()
	err := config.WriteDefault(path)
	var exists *config.ExistsError
	if err != nil && !errors.As(err, &exists) {
		return err
	}
	f, err := config.OpenRegular(path) // an editor would wait for a pipe's other end
	if err != nil {
		return noEditor(path, err)
	}
	_ = f.Close()
	editor := in.editor()
	if editor == nil {
		if err := desktop.OpenText(ctx, path); err != nil {
			return noEditor(path, err)
		}
		fmt.Fprintln(in.Stderr, i18n.T("cli.settingsOpen", "file", path))
		return nil
	}
	// It is not ended with this program: it may hold what is not saved.
	edit := exec.Command(editor[0], append(editor[1:], path)...)
	edit.Stdin, edit.Stdout, edit.Stderr = os.Stdin, unfiltered(in.Stdout), unfiltered(in.Stderr)
	if err := edit.Run(); err != nil {
		return noEditor(path, err)
	}
	return runConfigCheck(ctx, in)
}

// editor returns the command that $VISUAL or $EDITOR names, or else the first of
// the usual ones; nil for none, and where there is no terminal it could use.
func (in *invocation) editor() []string {
	if !isTerminal(os.Stdin) || !isTerminal(in.Stdout) {
		return nil
	}
	for _, variable := range []string{"VISUAL", "EDITOR"} {
		command, _ := in.LookupEnv(variable)
		if _, err := exec.LookPath(command); err == nil { // a path with blanks, perhaps
			return []string{command}
		}
		if parts := strings.Fields(command); len(parts) > 0 {
			return parts
		}
	}
	for _, command := range []string{"sensible-editor", "nano", "vi"} {
		if _, err := exec.LookPath(command); err == nil {
			return []string{command}
		}
	}
	return nil
}

func noEditor(path string, err error) error {
	return &config.Error{File: path, Short: i18n.T("cli.editorFailed", "cause", i18n.Error(err)), Hint: i18n.T("cli.editorFailedHint")}
}
