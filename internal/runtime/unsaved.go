package runtime

import (
	"context"
	"path"
	"slices"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/i18n"
	"colabtray/internal/problem"
)

// unsaved returns the directory of the notebooks if its files are lost with the
// container, else "". The notebooks are in the server's root directory, if that is
// known, else in the working directory.
func unsaved(k config.Kind, c engine.Container, root string) string {
	dir := path.Join("/", c.WorkDir)
	if k != config.KindColab && path.IsAbs(root) {
		dir = path.Clean(root)
	}
	if !c.Exists || c.Persists(dir) {
		return ""
	}
	return dir
}

// WithUnsaved returns a snapshot of a ready runtime with a current [Snapshot.Unsaved]
// and its warning. A snapshot can lack them just after the runtime has become ready,
// because the server's root directory is not known yet.
func (m *Manager) WithUnsaved(ctx context.Context, s Snapshot) (Snapshot, error) {
	if s.State != Ready {
		return s, nil
	}
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	d := m.data(nil)
	c, err := d.Engine.Inspect(ctx, m.runtime)
	if err != nil {
		return s, d.Problem(ctx, err)
	}
	root := d.RootOf(ctx, c)
	s.Warnings = slices.DeleteFunc(slices.Clone(s.Warnings), func(w *problem.Problem) bool { return w.Code == problem.Unsaved })
	if s.Unsaved = unsaved(d.Profile.Kind, c, root); s.Unsaved == "" {
		return s, nil
	}
	elsewhere, err := misplaced(ctx, d.Engine, d.Profile, c, root)
	s.RestartToApply = s.RestartToApply || elsewhere
	s.Warnings = slices.Insert(s.Warnings, 0, UnsavedWarning(d.Profile, s))
	return s, d.Problem(ctx, err)
}

// UnsavedWarning returns the warning that notebooks are lost with the container, with
// what to do. It is nil if there are none.
func UnsavedWarning(p config.Profile, s Snapshot) *problem.Problem {
	if s.Unsaved == "" {
		return nil
	}
	w := &problem.Problem{Code: problem.Unsaved, Short: i18n.T("unsaved.short", "dir", s.Unsaved)}
	switch {
	case !s.Ours:
		w.Hint, w.Command = i18n.T("unsaved.handmade"), p.CommandLine("backup", "FILE")
	case s.RestartToApply && s.State == Ready: // a restart saves them only while the runtime is ready
		w.Hint, w.Command = i18n.T("unsaved.restart"), p.CommandLine("restart")
	default:
		w.Hint = i18n.T("unsaved.ours")
	}
	return w
}
