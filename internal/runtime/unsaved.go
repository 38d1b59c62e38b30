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

// unsaved returns the directory whose files are lost with the container, if that
// is where the notebooks are: what the server shows, if that is known, or else
// where it works. It is empty when all is well.
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

// WithUnsaved returns a snapshot of a ready runtime with [Snapshot.Unsaved], and what
// is warned of, as it is now, also when the server has only just begun to answer.
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

// UnsavedWarning tells of notebooks that go away with the container, and what to
// do; it is nil when there are none.
func UnsavedWarning(p config.Profile, s Snapshot) *problem.Problem {
	if s.Unsaved == "" {
		return nil
	}
	w := &problem.Problem{Code: problem.Unsaved, Short: i18n.T("unsaved.short", "dir", s.Unsaved)}
	switch {
	case !s.Ours:
		w.Hint, w.Command = i18n.T("unsaved.handmade"), p.CommandLine("backup", "FILE")
	case s.RestartToApply && s.State == Ready: // which is when a restart does it
		w.Hint, w.Command = i18n.T("unsaved.restart"), p.CommandLine("restart")
	default:
		w.Hint = i18n.T("unsaved.ours")
	}
	return w
}
